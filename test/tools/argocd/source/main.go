// Argo CD's own code, asked what it makes of our customizations and manifests. One question a run: the name of it as the argument, its data as JSON
// on standard input, the answer as JSON on standard output.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"
)

var questions = map[string]func(input []byte) (any, error){
	"health":  health,
	"actions": actions,
	"apply":   apply,
	"diffs":   diffs,
	"sync":    syncStep,
}

func main() {
	if len(os.Args) != 2 || questions[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: argocd health|actions|apply|diffs|sync < question.json"))
	}
	logrus.SetLevel(logrus.ErrorLevel)
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	answer, err := questions[os.Args[1]](input)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
