package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/tracing"
	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// manager is the name under which Argo CD applies.
const manager = "argocd-controller"

// atATime is how many requests are under way at once.
const atATime = 8

// cluster is the API server that a question is about.
type cluster struct {
	config  *rest.Config
	kubectl *kube.KubectlCmd
	dynamic dynamic.Interface
	mapper  meta.RESTMapper
}

func connect(kubeconfig string) (*cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 500, 1000
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	groups, err := restmapper.GetAPIGroupResources(disco)
	if err != nil {
		return nil, err
	}
	return &cluster{
		config:  config,
		kubectl: &kube.KubectlCmd{Log: logr.Discard(), Tracer: tracing.NopTracer{}},
		dynamic: client,
		mapper:  restmapper.NewDiscoveryRESTMapper(groups),
	}, nil
}

// IsNamespaced makes a cluster a kube.ResourceInfoProvider.
func (c *cluster) IsNamespaced(kind schema.GroupKind) (bool, error) {
	mapping, err := c.mapper.RESTMapping(kind)
	if err != nil {
		return false, err
	}
	return mapping.Scope.Name() == meta.RESTScopeNameNamespace, nil
}

// live is the object as the API server has it; nil where there is none, or no such kind.
func (c *cluster) live(object *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	kind := object.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	resource := dynamic.ResourceInterface(c.dynamic.Resource(mapping.Resource))
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		resource = c.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace())
	}
	found, err := resource.Get(context.Background(), object.GetName(), metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return found, err
}

// each does something with every object, several at a time, and tells the first error.
func each(objects []map[string]any, do func(index int, object *unstructured.Unstructured) error) error {
	errs := make([]error, len(objects))
	turns := make(chan struct{}, atATime)
	var group sync.WaitGroup
	for index := range objects {
		group.Add(1)
		turns <- struct{}{}
		go func() {
			defer func() { <-turns; group.Done() }()
			object := &unstructured.Unstructured{Object: objects[index]}
			if err := do(index, object); err != nil {
				errs[index] = fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err)
			}
		}()
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
