package main

import (
	"context"
	"encoding/json"
	"fmt"

	healthlib "github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
)

// overridesOf reads our ConfigMap as Argo CD does on start.
func overridesOf(data map[string]string) (map[string]v1alpha1.ResourceOverride, error) {
	const namespace = "argocd"
	partOf := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	clientset := fake.NewClientset(
		&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Namespace: namespace, Labels: partOf}, Data: data},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "argocd-secret", Namespace: namespace, Labels: partOf}},
	)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	return settings.NewSettingsManager(ctx, clientset, namespace).GetResourceOverrides()
}

type subjects struct {
	// Data of the ConfigMap argocd-cm.
	Config  map[string]string
	Objects []map[string]any
}

// health answers the health of each object; null where Argo CD knows none.
func health(input []byte) (any, error) {
	var question subjects
	if err := json.Unmarshal(input, &question); err != nil {
		return nil, err
	}
	overrides, err := overridesOf(question.Config)
	if err != nil {
		return nil, err
	}
	answers := []*healthlib.HealthStatus{}
	for _, object := range question.Objects {
		subject := &unstructured.Unstructured{Object: object}
		status, err := healthlib.GetResourceHealth(subject, lua.ResourceHealthOverrides(overrides))
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", subject.GetKind(), subject.GetName(), err)
		}
		answers = append(answers, status)
	}
	return answers, nil
}

type actionsOfObject struct {
	Offered []v1alpha1.ResourceAction `json:"offered"`
	// What each action, offered or not, makes of the object.
	Results map[string]map[string]any `json:"results"`
}

// actions answers which actions each object is offered, and what comes of each.
func actions(input []byte) (any, error) {
	var question subjects
	if err := json.Unmarshal(input, &question); err != nil {
		return nil, err
	}
	overrides, err := overridesOf(question.Config)
	if err != nil {
		return nil, err
	}
	vm := lua.VM{ResourceOverrides: overrides}
	answers := []actionsOfObject{}
	for _, object := range question.Objects {
		answer, err := actionsOf(vm, &unstructured.Unstructured{Object: object})
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

func actionsOf(vm lua.VM, subject *unstructured.Unstructured) (actionsOfObject, error) {
	answer := actionsOfObject{Results: map[string]map[string]any{}}
	scripts, err := vm.GetResourceActionDiscovery(subject)
	if err != nil {
		return answer, err
	}
	if answer.Offered, err = vm.ExecuteResourceActionDiscovery(subject, scripts); err != nil {
		return answer, err
	}
	for _, offered := range answer.Offered {
		action, err := vm.GetResourceAction(subject, offered.Name)
		if err != nil {
			return answer, fmt.Errorf("%s: %w", offered.Name, err)
		}
		impacted, err := vm.ExecuteResourceAction(subject, action.ActionLua, nil)
		if err != nil {
			return answer, fmt.Errorf("%s: %w", offered.Name, err)
		}
		if len(impacted) != 1 || impacted[0].K8SOperation != lua.PatchOperation {
			return answer, fmt.Errorf("%s: a patch of the object itself was expected", offered.Name)
		}
		answer.Results[offered.Name] = impacted[0].UnstructuredObj.Object
	}
	return answer, nil
}
