// Draws the plots when they come into view: a browser keeps only a few 3-D views alive at a time.
"use strict";
const flights = JSON.parse(document.getElementById("flights").textContent);
const probe = document.createElement("canvas");
const hasWebgl = Boolean(probe.getContext("webgl2") || probe.getContext("webgl"));
const shown = new Set();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function trace(series, flat, scattered, opacity) {
  const wanted = series.role === "wanted";
  if (series.role === "rig") {
    return { name: series.label, x: series.x, y: series.y, z: series.z, type: "scatter3d", mode: "lines",
             hoverinfo: "skip", showlegend: false, connectgaps: false, opacity,
             line: { color: colour("rig"), width: 3 } };
  }
  return {
    name: series.label, x: series.x, y: series.y, z: series.z,
    type: flat ? "scatter" : "scatter3d",
    // A hover's wanted path is one point, which a line alone would not show.
    mode: wanted ? "lines+markers" : scattered ? "markers" : "lines",
    marker: { color: colour(series.role), line: { width: 0 }, opacity: scattered ? 0.55 : 1,
              size: scattered ? 3 : series.x.map((_, i) => (i === 0 ? 7 : 0)) },
    line: { color: colour(series.role), width: (flat ? 1.8 : 4) * (wanted ? 1.6 : 1) },
  };
}

function axis(title, extra) {
  return {
    title: { text: title, standoff: 8, font: { size: 13 } }, gridcolor: colour("line"),
    linecolor: colour("line"), zerolinecolor: colour("line"), automargin: true, ...extra,
  };
}

function layout(chart, flat) {
  const base = {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: "system-ui, DejaVu Sans, sans-serif", size: 13, color: colour("soft") },
    margin: { l: 56, r: 12, t: 34, b: 44 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
    showlegend: chart.series.length > 1, hovermode: chart.equal ? "closest" : "x unified",
    hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink") } },
    shapes: [], annotations: [],
  };
  if (!flat) {
    const names = ["xaxis", "yaxis", "zaxis"];
    const scene = { aspectmode: "cube", camera: { eye: { x: 1.3, y: -1.6, z: 0.95 }, center: { x: 0, y: 0, z: -0.15 } } };
    names.forEach((name, i) => {
      scene[name] = { title: { text: chart.axes[i], font: { size: 13 } }, tickfont: { size: 11 }, nticks: 6,
                      gridcolor: colour("line"), zerolinecolor: colour("line"), ...cube(chart, i) };
    });
    return { ...base, scene, margin: { l: 0, r: 0, t: 30, b: 0 } };
  }
  if (chart.window) {
    base.shapes.push({ type: "rect", yref: "paper", x0: chart.window[0], x1: chart.window[1], y0: 0, y1: 1,
                       fillcolor: colour("window"), line: { width: 0 }, layer: "below" });
  }
  if (chart.level) {
    base.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: chart.level[0], y1: chart.level[0],
                       line: { color: colour("ink"), width: 1, dash: "dot" } });
    base.annotations.push({ xref: "paper", x: 1, y: 1.02, yref: "paper", text: "dotted: " + chart.level[1],
                            showarrow: false, xanchor: "right", yanchor: "bottom" });
  }
  const square = chart.equal ? { scaleanchor: "x", scaleratio: 1 } : {};
  return { ...base, xaxis: axis(chart.axes[0], {}), yaxis: axis(chart.axes[1], square) };
}

// The same length on all three axes, or a flat path would be drawn as a sliver.
function cube(chart, index) {
  const spans = ["x", "y", "z"].map((name) => {
    const all = chart.series.flatMap((series) => series[name]).filter((value) => value !== null);
    return [all.reduce((a, b) => Math.min(a, b)), all.reduce((a, b) => Math.max(a, b))];
  });
  const half = Math.max(0.05, ...spans.map(([low, high]) => (high - low) / 2 * 1.05));
  const middle = (spans[index][0] + spans[index][1]) / 2;
  return { range: [middle - half, middle + half] };
}

function draw(element) {
  const chart = flights[element.closest("[data-flight]").dataset.flight][Number(element.dataset.chart)];
  const flat = chart.axes.length === 2;
  if (!flat && !hasWebgl) {
    element.innerHTML = '<p class="missing">This browser has no WebGL, which the 3-D view needs.<br>The PNG below shows it too.</p>';
    return;
  }
  // The shapes of the plant come first, the later the darker.
  const shapes = chart.series.filter((series) => series.role === "rig").length;
  const traces = chart.series.map((series, i) => trace(series, flat, chart.scattered, (i + 1) / shapes));
  Plotly.react(element, traces, layout(chart, flat), { responsive: true, displayModeBar: false });
}

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) {
      shown.add(target);
      draw(target);
    } else if (shown.delete(target)) {
      Plotly.purge(target);
    }
  }
}, { rootMargin: "600px" });
document.querySelectorAll(".plot").forEach((element) => watcher.observe(element));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.forEach(draw));
