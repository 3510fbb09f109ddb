// Pictures: <div class="chart" data-chart='{...}'> holds an ECharts option as JSON.
"use strict";

const COLOURS = ["#b42c1f", "#4a6fa5", "#6b8f71", "#c98a2b", "#7b6d8d", "#5b8a9a", "#98a2b3"];

for (const element of document.querySelectorAll("[data-chart]")) {
  const chart = echarts.init(element);
  chart.setOption({ color: COLOURS, textStyle: { fontFamily: "inherit" }, animationDuration: 300, ...JSON.parse(element.dataset.chart) });
  new ResizeObserver(() => chart.resize()).observe(element);
  chart.on("click", ({ data }) => { if (data?.href) location.href = data.href; });
}
