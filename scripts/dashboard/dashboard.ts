// The Grafana dashboard, from one line a panel; the layout, the ids and what all panels share follow from it.
// Own code because the libraries for it describe all of Grafana, and are far larger than what is described here.

import { ROWS, type Panel } from './rows.ts';

const WIDTH = 24;
const SIZES = { stat: { w: 4, h: 4 }, timeseries: { w: 8, h: 8 } } as const;
const DATASOURCE = { type: 'prometheus', uid: '${datasource}' };

/** `deploy/components/monitoring/dashboard.json`: for Grafana 10 or later. */
export function dashboard(): string {
  const panels: object[] = [];
  let y = 0;
  for (const { title, panels: inRow } of ROWS) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    for (const panel of inRow) {
      const { w, h } = SIZES[panel.type];
      if (x + w > WIDTH) {
        x = 0;
        y += h;
      }
      panels.push(drawn(panel, panels.length + 1, { x, y, w, h }));
      x += w;
    }
    y += SIZES[inRow[0]?.type ?? 'stat'].h;
  }
  const model = {
    uid: 'influxtokens',
    title: 'InfluxDB tokens',
    description: 'influxdb-token-operator: what it keeps, what it does, and how it is.',
    tags: ['influxdb', 'influxtokens'],
    schemaVersion: 39,
    editable: true,
    refresh: '1m',
    time: { from: 'now-6h', to: 'now' },
    templating: { list: [datasourceVariable, namespaceVariable] },
    annotations: { list: [] },
    panels,
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

const datasourceVariable = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };
const namespaceVariable = {
  name: 'namespace',
  label: 'Installation',
  type: 'query',
  datasource: DATASOURCE,
  query: { query: 'label_values(influxtokens_build_info, namespace)', refId: 'namespace' },
  refresh: 2,
  includeAll: true,
  // Also where the scrape adds no namespace.
  allValue: '.*',
  current: { text: 'All', value: '$__all' },
};

function drawn(panel: Panel, id: number, gridPos: object): object {
  const { type, title, description, unit, queries, redFrom, redBelow } = panel;
  const steps = [
    { color: redBelow === undefined ? 'green' : 'red', value: null },
    ...(redBelow === undefined ? [] : [{ color: 'green', value: redBelow }]),
    ...(redFrom === undefined ? [] : [{ color: 'red', value: redFrom }]),
  ];
  return {
    id,
    type,
    title,
    description,
    datasource: DATASOURCE,
    gridPos,
    fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: 'absolute', steps } }, overrides: [] },
    ...(type === 'stat' ? { options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'value' } } : {}),
    targets: queries.map(([expr, legendFormat = title], index) => ({
      refId: 'ABCD'.charAt(index),
      datasource: DATASOURCE,
      expr,
      legendFormat,
    })),
  };
}
