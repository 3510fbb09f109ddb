// Pictures: <div class="chart" data-chart='{...}'> holds an ECharts option as JSON. Also in parts that come later.
"use strict";

const COLOURS = ["#b42c1f", "#4a6fa5", "#6b8f71", "#c98a2b", "#7b6d8d", "#5b8a9a", "#98a2b3"];

// A period as a bar: value is [row, start, end, label].
function period(params, api) {
  const [row, start, end] = [0, 1, 2].map((place) => api.value(place));
  const from = api.coord([start, row]);
  const to = api.coord([end, row]);
  const height = Math.min(api.size([0, 1])[1] * 0.62, 22);
  const shape = echarts.graphic.clipRectByRect(
    { x: from[0], y: from[1] - height / 2, width: Math.max(to[0] - from[0], 3), height },
    { x: params.coordSys.x, y: params.coordSys.y, width: params.coordSys.width, height: params.coordSys.height },
  );
  return shape && { type: "rect", shape: { ...shape, r: 3 }, style: { fill: api.visual("color") } };
}

function draw(element) {
  if (element.dataset.drawn) return;
  element.dataset.drawn = "yes";
  const option = JSON.parse(element.dataset.chart);
  for (const series of [option.series].flat()) if (series.type === "custom") series.renderItem = period;
  const chart = echarts.init(element);
  // A canvas knows no "inherit": with it every text was drawn in its default of 10 pixels.
  const { fontFamily } = getComputedStyle(document.body);
  chart.setOption({ color: COLOURS, textStyle: { fontFamily }, animationDuration: 300, ...option });
  new ResizeObserver(() => chart.resize()).observe(element);
  chart.on("click", ({ data }) => { if (data?.href) location.href = data.href; });
}

function drawAll() {
  document.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll();
document.addEventListener("htmx:after:swap", drawAll);
