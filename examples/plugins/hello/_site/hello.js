// Two folders up, so that it works behind a proxy too.
const answer = await fetch("../../processes");
const { processes } = await answer.json();
const items = processes.map((name) => {
  const item = document.createElement("li");
  item.textContent = name;
  return item;
});
document.querySelector("#templates").replaceChildren(...items);
