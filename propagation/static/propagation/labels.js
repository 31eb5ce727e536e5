// Gives the inputs that Select2 makes the name of the field that they stand for: without one, nobody
// who does not see the page knows what is to be chosen.

function findSelect(container) {
  const list = container.querySelector("[id^=select2-][id$=-results]");
  return list
    ? document.getElementById(list.id.replace(/^select2-|-results$/g, ""))
    : container.previousElementSibling;
}

function name(container) {
  const select = findSelect(container);
  const label = select?.labels?.[0]?.textContent.trim().replace(/:$/, "");
  if (!label) return;
  const box = container.querySelector(".select2-selection[role=combobox]");
  const rendered = container.querySelector(".select2-selection__rendered[role=textbox]");
  const chosen = rendered?.textContent.trim();
  rendered?.setAttribute("aria-label", label);
  if (box?.hasAttribute("aria-labelledby") && !chosen) {
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", label);
  }
  container.querySelector("input.select2-search__field")?.setAttribute("aria-label", label);
}

new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes])) {
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    if (node.matches(".select2-container")) name(node);
    else if (node.closest(".select2-container--admin-autocomplete")?.previousElementSibling)
      name(node.closest(".select2-container"));
  }
}).observe(document.body, { childList: true, subtree: true });
for (const container of document.querySelectorAll(".select2-container")) name(container);
