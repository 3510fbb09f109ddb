// Lists of any length: <div class="grid" data-rows="/orders/rows" data-columns='[...]'>. Rows come in blocks, each
// asked for with the key the block before it ended with, so that a million rows scroll without OFFSET.
"use strict";

const renderers = {
  link: (column) => ({ data, value }) => {
    if (!data) return "";
    const named = [...column.href.matchAll(/\{(\w+)\}/g)].map(([, name]) => data[name]);
    if (named.some((part) => part === null || part === undefined || part === "")) return value ?? "";
    const link = document.createElement("a");
    link.href = column.href.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(data[name]));
    link.textContent = value ?? "";
    return link;
  },
  tag: () => ({ value }) => {
    if (!value) return "";
    const tag = document.createElement("span");
    const [words, kind] = Array.isArray(value) ? value : [value, ""];
    tag.className = `tag ${kind}`;
    tag.textContent = words;
    return tag;
  },
};

function source(url) {
  const starts = new Map([[0, Promise.resolve("")]]); // first row of a block → the key it starts after
  return {
    getRows: async ({ startRow, endRow, successCallback, failCallback }) => {
      try {
        const after = await starts.get(startRow);
        const query = new URL(url, location.href);
        query.searchParams.set("limit", endRow - startRow);
        if (after) query.searchParams.set("after", after);
        const answer = await fetch(query, { headers: { Accept: "application/json" } });
        if (!answer.ok) throw new Error((await answer.json()).title ?? answer.status);
        const { rows, next } = await answer.json();
        starts.set(endRow, Promise.resolve(next));
        successCallback(rows, next ? undefined : startRow + rows.length);
      } catch (error) {
        window.hutong.notice(error.message, "bad");
        failCallback();
      }
    },
  };
}

// The scroll bar may lie over the rows: nothing is written there.
const BESIDE_THE_SCROLLBAR = {
  headerName: "", width: 16, minWidth: 16, maxWidth: 16, resizable: false, suppressMovable: true, sortable: false,
};

function build(element) {
  const columns = JSON.parse(element.dataset.columns).map(({ kind, href, narrow = true, ...column }) => ({
    sortable: false,
    ...column,
    hide: !narrow && innerWidth < 700,
    ...(kind ? { cellRenderer: renderers[kind]({ href }) } : {}),
    ...(column.right ? { type: "rightAligned" } : {}),
    right: undefined,
  }));
  agGrid.createGrid(element, {
    theme: agGrid.themeQuartz.withParams({
      fontFamily: "inherit", accentColor: "#b42c1f", spacing: 6, headerFontWeight: 500,
    }),
    columnDefs: [...columns, BESIDE_THE_SCROLLBAR],
    defaultColDef: { resizable: true, suppressHeaderMenuButton: true },
    rowModelType: "infinite",
    cacheBlockSize: 100,
    maxConcurrentDatasourceRequests: 1,
    infiniteInitialRowCount: 1,
    datasource: source(element.dataset.rows),
    rowHeight: 34,
    alwaysShowVerticalScroll: true,
    enableCellTextSelection: true,
    overlayNoRowsTemplate: element.dataset.empty ?? "",
  });
}

for (const element of document.querySelectorAll(".grid[data-rows]")) build(element);
