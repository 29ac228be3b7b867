// kstatus, which Flux waits by, asked about objects: a list of them as JSON on standard input, what it makes of each on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type answer struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var objects []map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		return err
	}
	answers := []answer{}
	for _, object := range objects {
		result, err := status.Compute(&unstructured.Unstructured{Object: integers(object).(map[string]any)})
		if err != nil {
			return err
		}
		answers = append(answers, answer{result.Status.String(), result.Message})
	}
	return json.NewEncoder(os.Stdout).Encode(answers)
}

// integers makes integers of the numbers, as the Kubernetes clients do: kstatus overlooks a generation that is none.
func integers(value any) any {
	switch one := value.(type) {
	case map[string]any:
		for key, field := range one {
			one[key] = integers(field)
		}
	case []any:
		for index, item := range one {
			one[index] = integers(item)
		}
	case float64:
		return int64(one)
	}
	return value
}
