// How each command that a page tells people to type was run. A page that gains a command has to say so here.

const README = 'test/readme/readme.test.ts';
const PAGES = 'test/docs/pages.test.ts';
const INSTALL = 'test/tools/install/install.test.ts';
const DOCKER =
  'by hand: with Docker 20.10.24, with BuildKit and without, and a local registry, on 2026-11-25; the base images were our own under their names; buildah builds from the same file in test/tools/image/image.test.ts';
const INFLUXCTL =
  'by hand: with Docker as the image of the operator, on a stand-in of influxctl, which it refused as not signed by InfluxData; built, pushed and run with the fingerprint of the stand-in’s key; buildah does both in test/tools/image/influxctl.test.ts';
const MACHINE = 'test/docs/machine.test.ts';
const GUIDES = 'test/docs/guides.test.ts';
const BENCHMARK =
  'by hand: on 2026-11-25, on a quiet machine: it measures for minutes; the page has what it printed there';

/** By page, and by the command as `commands` reads it: the test that runs it, or how a person did, or why nobody could. */
export const HOW_RUN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm ci && npm run demo': 'test/demo/demo.test.ts',
    'npm ci && npm test': 'by hand: it is what runs these tests',
    'docker build --tag registry.example.com/influxdb-token-operator:0.1.0 .': DOCKER,
    'docker push registry.example.com/influxdb-token-operator:0.1.0': DOCKER,
    'kubectl apply --server-side -k deploy': README,
    'kubectl -n influxtokens-system create secret generic influxdb-admin --from-file=token=management-token.txt':
      README,
    'kubectl apply -f influxdb-cluster.yaml': README,
    'kubectl get influxdbclusters': README,
    'kubectl create namespace metrics': README,
    'kubectl apply -f telegraf.yaml': README,
    'kubectl -n metrics wait --for=condition=Ready databasetoken/telegraf': README,
    'kubectl -n metrics get databasetokens': README,
  },
  'deploy/README.md': {
    'docker build --tag registry.example.com/influxdb-token-operator:0.1.0 .': DOCKER,
    'docker push registry.example.com/influxdb-token-operator:0.1.0': DOCKER,
    'kubectl apply --server-side -k deploy': INSTALL,
    'kubectl --namespace influxtokens-system rollout status deployment/influxtokens-operator': INSTALL,
    'npm run manifests': INSTALL,
    'kubectl apply --server-side -f dist/install.yaml': INSTALL,
    'helm install influxtokens deploy/helm/influxdb-token-operator --namespace influxtokens-system --create-namespace --set image.repository=registry.example.com/influxdb-token-operator':
      INSTALL,
    'kubectl label namespace influxtokens-system pod-security.kubernetes.io/enforce=restricted': INSTALL,
    'helm upgrade influxtokens deploy/helm/influxdb-token-operator --namespace influxtokens-system --reset-then-reuse-values':
      INSTALL,
    'helm rollback influxtokens --namespace influxtokens-system': INSTALL,
    'kubectl delete databasetokens,managementtokens --all --all-namespaces': INSTALL,
    'kubectl delete influxdbclusters --all': INSTALL,
    'kubectl delete -k deploy/components/finalizer-policy --ignore-not-found': INSTALL,
    'kubectl delete -k deploy/base': INSTALL,
    'kubectl delete -k crds': INSTALL,
    'helm uninstall influxtokens --namespace influxtokens-system': INSTALL,
    'kubectl delete namespace influxtokens-system': INSTALL,
  },
  'docs/guides/argocd.md': {
    'kubectl --namespace argocd patch configmap argocd-cm --patch-file deploy/argocd/argocd-cm.yaml': GUIDES,
  },
  'docs/guides/flux.md': {
    'kubectl -n metrics wait --for=condition=Ready databasetoken/telegraf --timeout=5m': GUIDES,
    'kubectl wait --for=condition=Ready influxdbcluster/production': GUIDES,
    'kubectl -n metrics wait --for=delete databasetoken/telegraf': GUIDES,
    "kubectl -n metrics wait databasetoken/telegraf --for=jsonpath='{.status.observedGeneration}'=\"$(kubectl -n metrics get databasetoken telegraf -o jsonpath='{.metadata.generation}')\"":
      GUIDES,
    'kubectl -n metrics wait --for=condition=Ready databasetoken/telegraf': GUIDES,
  },
  'docs/guides/dead-cluster.md': {
    'kubectl get databasetokens,managementtokens --all-namespaces -o custom-columns=NAMESPACE:.metadata.namespace,NAME:.metadata.name,DELETED:.metadata.deletionTimestamp,TOKEN:.status.token.id':
      GUIDES,
    'kubectl -n metrics annotate databasetoken telegraf influxtokens.dev/abandon="production burnt down on 3 May"':
      GUIDES,
    'kubectl annotate influxdbcluster production influxtokens.dev/abandon="production burnt down on 3 May"': GUIDES,
    'kubectl annotate influxdbcluster production influxtokens.dev/abandon-': GUIDES,
  },
  'docs/guides/operator-credential.md': {
    'kubectl -n influxtokens-system create secret generic influxdb-admin --from-file=token=management-token.txt':
      GUIDES,
    "kubectl -n influxdb get secret admin-token -o jsonpath='{.data.token}' | base64 -d |": GUIDES,
    'sed -n \'s/.*"access_token" *: *"\\([^"]*\\)".*/\\1/p\' > management-token.txt': GUIDES,
    'kubectl -n influxtokens-system create secret generic influxdb-admin --from-file=token=management-token.txt --dry-run=client -o yaml | kubectl apply -f -':
      GUIDES,
    'kubectl wait influxdbcluster production --for=condition=Ready --timeout=120s': GUIDES,
    'kubectl apply -f operator-credential.yaml': GUIDES,
    'kubectl -n influxtokens-system wait --for=condition=Ready managementtoken/operator-credential --timeout=120s':
      GUIDES,
    'kubectl patch influxdbcluster production --type merge --patch \'{"spec":{"credentials":{"secretRef":{"name":"influxdb-admin-rotated"}}}}\'':
      GUIDES,
    'kubectl -n influxtokens-system annotate managementtoken operator-credential --overwrite influxtokens.dev/rotate="$(date +%s)"':
      GUIDES,
    'kubectl patch influxdbcluster production --type merge --patch \'{"spec":{"credentials":{"secretRef":{"name":"influxdb-admin"}}}}\'':
      GUIDES,
  },
  'docs/guides/restore-and-clone.md': {
    'kubectl get influxdbcluster production -o jsonpath=\'{.status.conditions[?(@.type=="InventoryHeld")].message}\'':
      GUIDES,
    'kubectl annotate influxdbcluster production --overwrite influxtokens.dev/release-inventory="$(date +%s)"': GUIDES,
  },
  'docs/guides/rotation.md': {
    'kubectl -n metrics rollout restart deployment telegraf': GUIDES,
    "kubectl -n metrics get databasetoken telegraf -o jsonpath='{.status.superseded}'": GUIDES,
    'kubectl -n metrics annotate databasetoken telegraf --overwrite influxtokens.dev/rotate="$(date +%s)"': GUIDES,
    "kubectl -n metrics wait databasetoken telegraf --for=jsonpath='{.status.superseded[0].id}' --timeout=120s": GUIDES,
    'kubectl -n metrics annotate databasetoken --all --overwrite influxtokens.dev/rotate="$(date +%s)"': GUIDES,
    'now="$(date +%s)"': GUIDES,
    'kubectl -n metrics annotate databasetoken telegraf --overwrite influxtokens.dev/rotate-immediately="$now"': GUIDES,
    'kubectl -n metrics wait secret telegraf --for=jsonpath=\'{.metadata.annotations.influxtokens\\.dev/handled-rotation-immediately}\'="$now" --timeout=120s':
      GUIDES,
    'kubectl -n metrics events --for databasetoken/telegraf': GUIDES,
  },
  'docs/guides/uninstalling.md': {
    'kubectl -n metrics patch databasetoken telegraf --type merge --patch \'{"spec":{"deletionPolicy":"Retain"}}\'':
      GUIDES,
    'kubectl -n metrics wait databasetoken telegraf --for=condition=Ready --timeout=60s': GUIDES,
    "kubectl -n metrics get secret telegraf -o jsonpath='{.metadata.ownerReferences}'": GUIDES,
    'kubectl delete databasetokens,managementtokens --all --all-namespaces --timeout=300s': GUIDES,
    'kubectl delete influxdbclusters --all --timeout=60s': GUIDES,
    'kubectl delete -k deploy': GUIDES,
  },
  'docs/guides/management-tokens.md': {
    'docker build --tag registry.example.com/influxctl:2.12.0 --build-arg VERSION=2.12.0 deploy/components/influxctl':
      INFLUXCTL,
    'docker push registry.example.com/influxctl:2.12.0': INFLUXCTL,
    'npm start -- --no-leader-elect --influxctl "$(command -v influxctl)"': MACHINE,
    'kubectl apply -f automation.yaml': GUIDES,
    'kubectl -n platform wait --for=condition=Ready managementtoken/automation': GUIDES,
  },
  'docs/performance.md': {
    'npm run bench -- --scenario backlog --json result.json': BENCHMARK,
    'npm run bench -- --from result.json --write docs/performance.md': BENCHMARK,
    'npm run bench -- --scenario idle-latency --noise': BENCHMARK,
    'npm run bench -- --scenario idle-latency --rounds 1 --profile profiles': BENCHMARK,
    'npm run bench -- --scenario churn --check': BENCHMARK,
  },
  'docs/quick-start.md': {
    'kubectl apply --server-side -k deploy': PAGES,
    'kubectl -n influxtokens-system create secret generic influxdb-admin --from-file=token=management-token.txt': PAGES,
    'kubectl apply -f cluster.yaml': PAGES,
    'kubectl wait --for=condition=Ready influxdbcluster/default --timeout=60s': PAGES,
    'kubectl create namespace metrics': PAGES,
    'kubectl apply -f token.yaml': PAGES,
    'kubectl -n metrics wait --for=condition=Ready databasetoken/collector --timeout=60s': PAGES,
    "kubectl -n metrics get secret collector -o jsonpath='{.data.INFLUX_HOST}'": PAGES,
    'kubectl -n metrics annotate databasetoken collector influxtokens.dev/rotate=first': PAGES,
    "kubectl -n metrics wait --for=jsonpath='{.status.superseded[0].id}' databasetoken/collector --timeout=60s": PAGES,
    'kubectl -n metrics delete databasetoken collector': PAGES,
  },
};
