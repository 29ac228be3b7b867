package main

import (
	"encoding/json"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync/common"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// state is how far a sync has come; it is handed from one step to the next.
type state struct {
	Phase     common.OperationPhase       `json:"phase"`
	Message   string                      `json:"message"`
	Results   []common.ResourceSyncResult `json:"results"`
	StartedAt metav1.Time                 `json:"startedAt"`
}

type step struct {
	// Data of the ConfigMap argocd-cm.
	Config     map[string]string
	Kubeconfig string
	Namespace  string
	// What Git says.
	Objects []map[string]any
	// What it said before: objects that are pruned when Git says them no more.
	Managed []map[string]any
	// The state after the last step; absent for the first.
	State *state
}

// syncStep does one step of a sync with the options of examples/argocd/tokens.yaml, as the application controller does again and again until
// the phase is a final one: the live state is read anew for each.
func syncStep(input []byte) (any, error) {
	var question step
	if err := json.Unmarshal(input, &question); err != nil {
		return nil, err
	}
	overrides, err := overridesOf(question.Config)
	if err != nil {
		return nil, err
	}
	cluster, err := connect(question.Kubeconfig)
	if err != nil {
		return nil, err
	}
	targets := []*unstructured.Unstructured{}
	for _, object := range question.Objects {
		targets = append(targets, &unstructured.Unstructured{Object: object})
	}
	live := map[kube.ResourceKey]*unstructured.Unstructured{}
	for _, object := range append(question.Objects[:len(question.Objects):len(question.Objects)], question.Managed...) {
		found, err := cluster.live(&unstructured.Unstructured{Object: object})
		if err != nil {
			return nil, err
		}
		if found != nil {
			live[kube.GetResourceKey(found)] = found
		}
	}
	foreground := metav1.DeletePropagationForeground
	options := []sync.SyncOpt{
		sync.WithLogr(logr.Discard()),
		sync.WithHealthOverride(lua.ResourceHealthOverrides(overrides)),
		sync.WithOperationSettings(false, true, false, false),
		sync.WithServerSideApply(true),
		sync.WithServerSideApplyManager(manager),
		sync.WithSkipDryRunOnMissingResource(true),
		sync.WithPrunePropagationPolicy(&foreground),
	}
	answer := state{StartedAt: metav1.Now()}
	if last := question.State; last != nil {
		answer.StartedAt = last.StartedAt
		options = append(options, sync.WithInitialState(last.Phase, last.Message, last.Results, last.StartedAt))
	}
	reconciled := sync.Reconcile(targets, live, question.Namespace, cluster)
	context, cleanup, err := sync.NewSyncContext("HEAD", reconciled, cluster.config, cluster.config, cluster.kubectl, question.Namespace, options...)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	context.Sync()
	answer.Phase, answer.Message, answer.Results = context.GetState()
	return answer, nil
}
