// A relative URL, two folders up, also works behind a proxy that adds a prefix.
const answer = await fetch("../../processes");
const { processes } = await answer.json();
const items = processes.map((name) => {
  const item = document.createElement("li");
  item.textContent = name;
  return item;
});
document.querySelector("#templates").replaceChildren(...items);
