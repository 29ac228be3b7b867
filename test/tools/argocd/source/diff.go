package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	cmdutil "k8s.io/kubectl/pkg/cmd/util"
)

type manifests struct {
	Kubeconfig string
	Objects    []map[string]any
	// For apply: by server-side apply, or else as kubectl apply does.
	ServerSide bool
}

// apply puts the objects into the cluster as a sync does.
func apply(input []byte) (any, error) {
	question, cluster, err := read(input)
	if err != nil {
		return nil, err
	}
	operations, cleanup, err := cluster.kubectl.ManageResources(cluster.config)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	return len(question.Objects), each(question.Objects, func(_ int, object *unstructured.Unstructured) error {
		_, err := operations.ApplyResource(context.Background(), object, cmdutil.DryRunNone, false, true, question.ServerSide, manager)
		return err
	})
}

type change struct {
	Live      json.RawMessage `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
}

// diffs answers, by the way of comparing, what Argo CD would show as a difference between each manifest and the live object; nothing
// where it shows none.
func diffs(input []byte) (any, error) {
	question, cluster, err := read(input)
	if err != nil {
		return nil, err
	}
	_, parser, err := cluster.kubectl.LoadOpenAPISchema(cluster.config)
	if err != nil {
		return nil, err
	}
	applier, cleanup, err := cluster.kubectl.ManageServerSideDiffDryRuns(cluster.config)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	common := []diff.Option{diff.WithNormalizer(diff.GetNoopNormalizer()), diff.WithGVKParser(parser), diff.WithManager(manager)}
	ways := map[string][]diff.Option{
		"threeWay":        common,
		"structuredMerge": append(common[:3:3], diff.WithStructuredMergeDiff(true)),
		"serverSide": append(common[:3:3], diff.WithServerSideDiff(true), diff.WithIgnoreMutationWebhook(true),
			diff.WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier))),
		// As strict as can be: also what webhooks and other managers make of it counts.
		"serverSideWithMutations": append(common[:3:3], diff.WithServerSideDiff(true), diff.WithIgnoreMutationWebhook(false),
			diff.WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier))),
	}
	answers := make([]map[string]change, len(question.Objects))
	err = each(question.Objects, func(index int, object *unstructured.Unstructured) error {
		answer, err := cluster.compareAtRest(object, ways)
		answers[index] = answer
		return err
	})
	return answers, err
}

// tries is how often an object is compared that others write meanwhile.
const tries = 50

// compareAtRest answers the differences of an object that nobody has written between the first reading and the last: what the operator says in the
// status meanwhile would look like one.
func (c *cluster) compareAtRest(object *unstructured.Unstructured, ways map[string][]diff.Option) (map[string]change, error) {
	live, err := c.live(object)
	if err != nil {
		return nil, err
	}
	for range tries {
		changes, err := compare(object, live, ways)
		if err != nil {
			return nil, err
		}
		after, err := c.live(object)
		if err != nil {
			return nil, err
		}
		if version(live) == version(after) {
			return changes, nil
		}
		live = after
	}
	return nil, fmt.Errorf("written by somebody in each of %d comparisons", tries)
}

func version(live *unstructured.Unstructured) string {
	if live == nil {
		return ""
	}
	return live.GetResourceVersion()
}

func compare(object, live *unstructured.Unstructured, ways map[string][]diff.Option) (map[string]change, error) {
	changes := map[string]change{}
	for way, options := range ways {
		result, err := diff.Diff(object.DeepCopy(), live.DeepCopy(), options...)
		if err != nil {
			return nil, err
		}
		if result.Modified {
			changes[way] = change{Live: result.NormalizedLive, Predicted: result.PredictedLive}
		}
	}
	return changes, nil
}

func read(input []byte) (manifests, *cluster, error) {
	var question manifests
	if err := json.Unmarshal(input, &question); err != nil {
		return question, nil, err
	}
	cluster, err := connect(question.Kubeconfig)
	return question, cluster, err
}
