// Enhances pages that work without it: draws the trends with ECharts where they are looked at, and prints on request.
// The page's policy allows no inline style and no evaluation; tooltips are therefore drawn, not HTML.
(() => {
  "use strict";

  const INK = "#1b2733", MUTED = "#52606d", LINE = "#e3e8ec", MISSED = "#b3261e";
  const COLOURS = { diastolic: "#7b4ea3" };
  const OWN = "#0b5a7a";

  let library = null;

  /** ECharts, fetched once, and only by pages that have something to draw. */
  function echarts(address) {
    library ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(window.echarts);
      script.onerror = () => reject(new Error("chart library not loaded"));
      document.head.append(script);
    });
    return library;
  }

  const pad = (number) => String(number).padStart(2, "0");

  /** The wall clock of the consortium, as the server writes it, whatever zone the browser is in. */
  function moment(time) {
    const at = new Date(time + 8 * 3600e3);
    const day = `${at.getUTCFullYear()}-${pad(at.getUTCMonth() + 1)}-${pad(at.getUTCDate())}`;
    return { day, minute: `${day} ${pad(at.getUTCHours())}:${pad(at.getUTCMinutes())}` };
  }

  function series(one, data) {
    const colour = COLOURS[one.key] ?? OWN;
    const edges = [one.low, one.high].filter((edge) => edge !== null);
    return {
      name: one.name,
      type: "line",
      symbol: "circle",
      symbolSize: 8,
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour },
      data: one.points.map(([at, value, missed]) => ({
        value: [Date.parse(at), value],
        itemStyle: { color: missed ? MISSED : colour },
      })),
      markArea: edges.length
        ? { silent: true, itemStyle: { color: "rgba(120,196,148,.18)" }, data: [[{ yAxis: one.low ?? data.steps[0] }, { yAxis: one.high ?? data.steps[1] }]] }
        : undefined,
      markLine: edges.length
        ? {
            silent: true, symbol: "none", lineStyle: { color: "#4f9a6b", type: "dashed" },
            label: { color: MUTED, position: "insideEndTop", formatter: ({ value }) => String(value) },
            data: edges.map((edge) => ({ yAxis: edge })),
          }
        : undefined,
    };
  }

  function options(data) {
    const [min, max, interval] = data.steps;
    const moments = data.series.flatMap((one) => one.points.map(([at]) => Date.parse(at)));
    const DAY = 24 * 3600e3;
    const months = Math.max(...moments) - Math.min(...moments) > 200 * DAY;
    return {
      animation: false,
      textStyle: { color: INK, fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 36, right: 14, top: 12, bottom: 24 },
      tooltip: {
        trigger: "axis",
        renderMode: "richText",
        formatter: (points) =>
          [moment(points[0].value[0]).minute, ...points.map((point) => `${point.seriesName} ${point.value[1].toFixed(data.digits)} ${data.unit}`)].join("\n"),
      },
      xAxis: {
        type: "time", boundaryGap: ["3%", "3%"], splitNumber: 3, minInterval: months ? 28 * DAY : DAY,
        axisLine: { lineStyle: { color: "#9aa9b6" } },
        axisLabel: { color: MUTED, hideOverlap: true, formatter: (time) => (months ? moment(time).day.slice(0, 7) : moment(time).day.slice(5)) },
      },
      yAxis: {
        type: "value", min, max, interval,
        axisLabel: { color: MUTED }, splitLine: { lineStyle: { color: LINE } },
      },
      series: data.series.map((one) => series(one, data)),
    };
  }

  async function draw(figure) {
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const still = figure.querySelector(".still");
    const library = await echarts(figure.dataset.library);
    const place = document.createElement("div");
    place.className = "live";
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", still.getAttribute("aria-label"));
    figure.classList.add("drawn");
    figure.append(place);
    const drawing = library.init(place, null, { renderer: "canvas" });
    drawing.setOption(options(data));
    new ResizeObserver(() => drawing.resize()).observe(place);
  }

  function enhance() {
    for (const figure of document.querySelectorAll("[data-trend]:not(.drawn)")) draw(figure).catch(() => {});
    for (const button of document.querySelectorAll("[data-print]")) {
      button.hidden = false;
      button.addEventListener("click", () => window.print());
    }
    // The link to the emergency form opens it.
    document.querySelector(".banner a[href='#emergency']")?.addEventListener("click", () => {
      document.getElementById("emergency").open = true;
    });
  }

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", enhance) : enhance();
})();
