// Texts of drawings whose contrast with what is painted behind them is below the minimum.
minimum => {
  const rgba = text => { const part = text.match(/[\d.]+/g).map(Number); return part.length > 3 ? part : [...part, 1]; };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * x + .7152 * y + .0722 * z;
  };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + .05) / (y + .05); };
  const painted = element => {
    const style = getComputedStyle(element);
    if (element instanceof SVGElement && element.tagName !== "svg")
      return style.fill.startsWith("rgb") ? faded(rgba(style.fill), style.fillOpacity * style.opacity) : null;
    return rgba(style.backgroundColor);
  };
  const faded = (colour, opacity) => [...colour.slice(0, 3), colour[3] * opacity];
  const behind = text => {
    const at = text.getBoundingClientRect(), layers = [];
    for (const element of document.elementsFromPoint(at.x + at.width / 2, at.y + at.height / 2)) {
      if (element.closest("text")) continue;
      const colour = painted(element);
      if (colour && colour[3] > 0) layers.push(colour);
      if (colour && colour[3] === 1) break;
    }
    return layers.reduceRight((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const weak = [];
  document.querySelectorAll(".drawing svg text").forEach(text => {
    if (!text.textContent.trim() || !text.checkVisibility({ visibilityProperty: true })) return;
    text.scrollIntoView({ block: "center", behavior: "instant" });
    const style = getComputedStyle(text), halo = style.stroke.startsWith("rgb") && style.paintOrder.startsWith("stroke");
    const under = halo ? over(rgba(style.stroke), behind(text)) : behind(text);
    const found = ratio(over(faded(rgba(style.fill), style.fillOpacity * style.opacity), under), under);
    const said = text.textContent.trim().slice(0, 40), ground = under.slice(0, 3).map(Math.round);
    if (found < minimum) weak.push(`${said}: ${found.toFixed(2)} (${style.fill} on ${ground})`);
  });
  return weak;
}
