package main

import (
	"encoding/json"
	"fmt"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/diff"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	argodiff "github.com/argoproj/argo-cd/v3/util/argo/diff"
	"github.com/argoproj/argo-cd/v3/util/argo/normalizers"
	argokube "github.com/argoproj/argo-cd/v3/util/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

type comparison struct {
	// Path of a kubeconfig.
	Kubeconfig string
	Config     map[string]string
	// "ThreeWay", "StructuredMerge" (what Argo CD does with ServerSideApply=true) or "ServerSide".
	Manner string
	Pairs  []struct {
		Manifest map[string]any
		Live     map[string]any
	}
}

type difference struct {
	Modified bool `json:"modified"`
	// What the live object is, and what it would be after a sync.
	Live      json.RawMessage `json:"live"`
	Predicted json.RawMessage `json:"predicted"`
}

// differences answers for each pair whether Argo CD would call it out of sync, all settings being its defaults.
func differences(input []byte) (any, error) {
	var question comparison
	if err := json.Unmarshal(input, &question); err != nil {
		return nil, err
	}
	overrides, err := overridesOf(question.Config)
	if err != nil {
		return nil, err
	}
	config, err := clientcmd.BuildConfigFromFlags("", question.Kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	builder := argodiff.NewDiffConfigBuilder().
		WithDiffSettings([]v1alpha1.ResourceIgnoreDifferences{}, overrides, false, normalizers.IgnoreNormalizerOpts{}).
		WithTracking(common.LabelKeyAppInstance, string(v1alpha1.TrackingMethodAnnotation)).
		WithNoCache().
		WithManager(common.ArgoCDSSAManager)
	switch question.Manner {
	case "ThreeWay":
	case "StructuredMerge":
		_, parser, err := argokube.NewKubectl().LoadOpenAPISchema(config)
		if err != nil {
			return nil, err
		}
		builder.WithStructuredMergeDiff(true).WithGVKParser(parser)
	case "ServerSide":
		applier, cleanup, err := argokube.ManageServerSideDiffDryRuns(config, nil)
		if err != nil {
			return nil, err
		}
		defer cleanup()
		builder.WithServerSideDiff(true).WithServerSideDryRunner(diff.NewK8sServerSideDryRunner(applier))
	default:
		return nil, fmt.Errorf("no such manner: %q", question.Manner)
	}
	settings, err := builder.Build()
	if err != nil {
		return nil, err
	}
	var manifests, lives []*unstructured.Unstructured
	for _, pair := range question.Pairs {
		manifests = append(manifests, &unstructured.Unstructured{Object: pair.Manifest})
		lives = append(lives, &unstructured.Unstructured{Object: pair.Live})
	}
	results, err := argodiff.StateDiffs(lives, manifests, settings)
	if err != nil {
		return nil, err
	}
	answers := []difference{}
	for _, result := range results.Diffs {
		answers = append(answers, difference{result.Modified, result.NormalizedLive, result.PredictedLive})
	}
	return answers, nil
}
