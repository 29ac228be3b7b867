// Reads a page from standard input as Prometheus does when it scrapes one of the content type in the first argument, and prints how many
// samples it has. promtool lints the text format only.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/prometheus/model/textparse"
)

func main() {
	page, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	parser, err := textparse.New(page, os.Args[1], nil, textparse.ParserOptions{})
	if err != nil {
		fail(err)
	}
	samples := 0
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fail(err)
		}
		if entry == textparse.EntrySeries {
			samples++
		}
	}
	fmt.Println(samples)
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
