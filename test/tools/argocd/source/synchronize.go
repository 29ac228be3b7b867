package main

import (
	"context"
	"encoding/json"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/engine"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
)

// application marks what a sync manages, as Argo CD's own tracking does.
const application = "influxtokens.dev/test-application"

type synchronization struct {
	Kubeconfig string
	Config     map[string]string
	// The name by which a later sync knows what an earlier one has made.
	Application string
	Manifests   []map[string]any
	Prune       bool
	Propagation metav1.DeletionPropagation
	// After so many seconds it is broken off.
	Timeout int
}

type outcome struct {
	// Why it ended without success.
	Error   string   `json:"error"`
	Results []result `json:"results"`
}

type result struct {
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Phase   string `json:"phase"`
	Message string `json:"message"`
}

type info struct{ application string }

// synchronize syncs once, in waves, with our health checks, server-side apply and pruning, as an Application does.
func synchronize(input []byte) (any, error) {
	var question synchronization
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
	log := logr.Discard()
	cluster := cache.NewClusterCache(config, cache.SetLogr(log),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			name := object.GetAnnotations()[application]
			return info{name}, name != ""
		}))
	gitops := engine.NewEngine(config, cluster, engine.WithLogr(log))
	stop, err := gitops.Run()
	if err != nil {
		return nil, err
	}
	defer stop()
	var manifests []*unstructured.Unstructured
	for _, manifest := range question.Manifests {
		object := &unstructured.Unstructured{Object: manifest}
		annotations := object.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		annotations[application] = question.Application
		object.SetAnnotations(annotations)
		manifests = append(manifests, object)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(question.Timeout)*time.Second)
	defer cancel()
	isManaged := func(resource *cache.Resource) bool {
		return resource.Info.(info).application == question.Application
	}
	results, err := gitops.Sync(ctx, manifests, isManaged, "HEAD", "default",
		sync.WithLogr(log),
		sync.WithHealthOverride(lua.ResourceHealthOverrides(overrides)),
		sync.WithPrune(question.Prune),
		sync.WithPrunePropagationPolicy(&question.Propagation),
		sync.WithServerSideApply(true),
		sync.WithServerSideApplyManager(common.ArgoCDSSAManager),
		sync.WithManifestValidation(true),
	)
	answer := outcome{Results: []result{}}
	if err != nil {
		answer.Error = err.Error()
	}
	for _, one := range results {
		answer.Results = append(answer.Results, result{
			Kind: one.ResourceKey.Kind, Name: one.ResourceKey.Name,
			Status: string(one.Status), Phase: string(one.HookPhase), Message: one.Message,
		})
	}
	return answer, nil
}
