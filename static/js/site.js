// Small conveniences. Every page works without this file.
(() => {
  const announcer = document.getElementById("announcer")

  const isTyping = (element) =>
    element.matches("input:not([type=checkbox]), textarea, select, [contenteditable]")

  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu !== except) menu.open = false
    }
  }

  // Pages are written in the zone of whoever looks, from the next one on.
  const tellTimeZone = () => {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    if (!zone) return
    const secure = location.protocol === "https:" ? "; Secure" : ""
    const life = 365 * 24 * 3600
    document.cookie = `tz=${zone}; Path=/; Max-Age=${life}; SameSite=Lax${secure}`
  }

  // Forms that act on their one choice need no button.
  const setUpAutoSubmit = () => {
    for (const select of document.querySelectorAll("[data-submit-on-change]")) {
      select.addEventListener("change", () => select.form.requestSubmit())
      select.form.querySelector("[type=submit]").hidden = true
    }
  }

  document.addEventListener("click", (event) => {
    closeMenus(event.target.closest("details.menu"))
    if (event.target.matches("[data-select]")) event.target.select()
  })

  // What a page lists of chosen rows can also be copied or opened by one button.
  const copy = async (button) => {
    const field = document.getElementById(button.dataset.copy)
    field.select()
    await navigator.clipboard.writeText(field.value)
    announcer.textContent = button.textContent = "Copied"
  }

  // With "noopener" nobody could tell a page that was opened from one that was blocked.
  const openAlone = (address) => {
    const page = window.open("", "_blank")
    if (!page) return false
    page.opener = null
    page.location.replace(address)
    return true
  }

  // One press opens as many as the browser allows, the next one goes on from there.
  const openAll = (button) => {
    const list = button.dataset.open
    const links = [...document.querySelectorAll(`#${list} a[href]:not([data-opened])`)]
    const blocked = links.findIndex((link) => !openAlone(link.href))
    const opened = blocked < 0 ? links : links.slice(0, blocked)
    for (const link of opened) link.dataset.opened = ""
    const left = links.length - opened.length
    document.getElementById(`${list}-blocked`).hidden = left === 0
    if (opened.length) button.textContent = `Open the other ${left}`
    button.hidden = left === 0
  }

  for (const [selector, act] of [["[data-copy]", copy], ["[data-open]", openAll]]) {
    for (const button of document.querySelectorAll(selector)) {
      button.hidden = false
      button.addEventListener("click", () => act(button))
    }
  }

  // These do nothing without a script.
  const showScripted = () => {
    for (const control of document.querySelectorAll("[data-scripted]")) {
      control.hidden = false
    }
  }
  showScripted()
  document.addEventListener("htmx:afterSettle", showScripted)

  // Many boxes to tick are narrowed by typing, without accents too.
  const toPlain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()

  document.addEventListener("input", ({ target }) => {
    if (!target.matches("[data-narrow]")) return
    const wanted = toPlain(target.value.trim())
    for (const label of target.closest("fieldset").querySelectorAll("label.check")) {
      label.hidden = !toPlain(label.textContent).includes(wanted)
    }
  })

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("[data-narrow]")) event.preventDefault()
  })

  // Single keys, for whoever has not switched them off. The list of a page has a
  // search of its own, which comes after that of the header.
  const areShortcutsOn = document.body.hasAttribute("data-shortcuts")
  const PAGES = ["h", "c", "i"] // home, connections, items, as in the menu
  let isGoing = false

  const focusSearch = () => {
    const search = [...document.querySelectorAll("[data-search]")].at(-1)
    search?.focus()
    search?.select()
    return Boolean(search)
  }

  // The first link of a row is what the row is about.
  const moveBy = (step) => {
    const rows = [...document.querySelectorAll("main :is(tbody tr, .rows > li)")]
    const links = rows.map((row) => row.querySelector("a")).filter(Boolean)
    const row = document.activeElement.closest("tbody tr, .rows > li")
    const here = row ? links.indexOf(row.querySelector("a")) : -1
    const next = here < 0 && step < 0 ? undefined : links[here + step]
    next?.focus()
    return Boolean(next)
  }

  // The box of the row that has the focus.
  const toggleRow = () => {
    const row = document.activeElement.closest("tbody tr")
    const box = row?.querySelector("input[type=checkbox][name=item]")
    box?.click()
    return Boolean(box)
  }

  // Pages are smaller without what few ask for.
  let coming

  const showShortcuts = async () => {
    const dialog = document.getElementById("shortcuts")
    if (!dialog.firstElementChild) {
      // What fails is told as it is of all requests.
      coming ??= htmx.ajax("GET", dialog.dataset.from, dialog).catch(() => {})
      await coming
      coming = undefined
    }
    if (dialog.firstElementChild && !dialog.open) dialog.showModal()
  }

  const press = (key) => {
    if (isGoing) {
      isGoing = false
      const link = document.querySelectorAll("header .nav a")[PAGES.indexOf(key)]
      link?.click()
      return Boolean(link)
    }
    if (key === "/") return focusSearch()
    if (key === "j") return moveBy(1)
    if (key === "k") return moveBy(-1)
    if (key === "x") return toggleRow()
    if (key === "g") isGoing = true
    if (key === "?") showShortcuts()
    return key === "g" || key === "?"
  }

  document.addEventListener("keydown", (event) => {
    // What was typed stays; the keys of the page are its own again.
    if (event.key === "Escape" && event.target.matches("[data-search]")) {
      event.preventDefault()
      event.target.blur()
      return
    }
    if (event.key === "Escape") {
      const summary = document.querySelector("details.menu[open] > summary")
      closeMenus()
      if (summary) summary.focus()
      return
    }
    const isModified = event.ctrlKey || event.metaKey || event.altKey
    const isElsewhere = isTyping(event.target) || document.querySelector("dialog[open]")
    if (!areShortcutsOn || isModified || isElsewhere || event.key === "Shift") return
    if (press(event.key)) event.preventDefault()
  })

  // What has the focus is whole beside the first column of a wide table: a browser
  // takes what is partly in view, or partly under that column, for seen. Not under a
  // pointer, which would be beside it then.
  document.addEventListener("focusin", ({ target }) => {
    const grid = target.closest(".grid-box")
    const isFixed = !target.closest("td, thead th:not(:first-child)")
    if (!grid || isFixed || !target.matches(":focus-visible")) return
    const box = target.getBoundingClientRect()
    const start = grid.querySelector("thead th").getBoundingClientRect().right + 8
    const end = grid.getBoundingClientRect().left + grid.clientWidth - 8
    if (box.left < start) grid.scrollLeft -= start - box.left
    else if (box.right > end) grid.scrollLeft += Math.min(box.right - end, box.left - start)
  })

  const countTicked = (form) => {
    const boxes = [...form.elements].filter((field) => field.name === "item")
    const count = boxes.filter((box) => box.checked).length
    const [ticked] = form.elements.namedItem("rows").options
    ticked.textContent = `${count || "Ticked"} row${count === 1 ? "" : "s"} of this page`
  }

  // A browser would restore ticks by their places, which other rows may have by now: here
  // they come back only to the same rows.
  const rowsOf = (form) => form.elements.namedItem("shown").value

  const keepTicks = (form) => {
    const ticked = [...form.querySelectorAll("[name=item]:checked")].map((box) => box.value)
    history.replaceState({ ...history.state, ticked, rows: rowsOf(form) }, "")
  }

  const restoreTicks = (form) => {
    const { ticked, rows } = history.state ?? {}
    const kept = ticked && rows === rowsOf(form) ? ticked : []
    for (const box of form.querySelectorAll("[name=item]")) {
      box.checked = kept.includes(box.value)
    }
  }

  // htmx replaces what an entry of the history holds, as it leaves it and as it comes back.
  const putTicksBack = (state) => {
    if (state?.ticked) history.replaceState({ ...state, ...history.state }, "")
  }
  let left = null
  document.addEventListener("htmx:beforeHistorySave", () => {
    left = history.state
  })
  document.addEventListener("htmx:beforeHistoryUpdate", () => putTicksBack(left))
  // Behind the one of htmx, which is there by then.
  document.addEventListener("DOMContentLoaded", () => {
    window.addEventListener("popstate", (event) => putTicksBack(event.state))
  })

  // Ticking a row means the ticked ones, however many they are.
  document.addEventListener("change", ({ target }) => {
    const form = target.form
    if (!form?.matches("[data-chosen]")) return
    if (target.type === "checkbox") form.elements.namedItem("rows").value = "ticked"
    keepTicks(form)
    countTicked(form)
  })

  // Whoever comes back to a list, by whichever way, is at the row that they left by.
  document.addEventListener("click", ({ target }) => {
    const link = target.closest(":is(tbody th, .rows > li) a[href]")
    if (!link) return
    const left = { page: location.href, link: link.getAttribute("href") }
    sessionStorage.setItem("left", JSON.stringify(left))
  })

  const returnToRow = () => {
    const { page, link } = JSON.parse(sessionStorage.getItem("left") ?? "{}")
    if (page !== location.href || document.activeElement !== document.body) return
    const isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward"
    const there = new URL(link, location.href).pathname
    const isFromThere = document.referrer && new URL(document.referrer).pathname === there
    if (!isBack && !isFromThere) return
    document.querySelector(`main a[href="${CSS.escape(link)}"]`)?.focus()
  }

  // What a user unfolds of a table stays so on the next one. The event does not bubble.
  const isRemembered = (part) => part.matches("details[data-remembered]")
  const keyOf = (part) => `open-${part.dataset.remembered}`
  document.addEventListener(
    "toggle",
    ({ target }) => {
      if (isRemembered(target)) localStorage.setItem(keyOf(target), target.open ? "1" : "")
    },
    { capture: true },
  )

  const unfold = () => {
    for (const part of document.querySelectorAll("details[data-remembered]")) {
      if (localStorage.getItem(keyOf(part))) part.open = true
    }
  }

  // A click that opens a link elsewhere is the browser's: htmx would take it for its own.
  document.addEventListener(
    "click",
    (event) => {
      const isElsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey
      if (isElsewhere && event.target.closest("a[hx-get]")) event.stopPropagation()
    },
    { capture: true },
  )

  // Empty choices would only make the address of a list unreadable.
  document.addEventListener("htmx:configRequest", (event) => {
    const { parameters, elt } = event.detail
    if (!elt.closest("[data-tidy]")) return
    for (const [name, value] of [...parameters.entries()]) {
      if (value === "") parameters.delete(name)
    }
  })

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-tidy]")) return
    for (const field of event.target.elements) {
      if (field.name && field.value === "") field.disabled = true
    }
  })

  // A form left by its own submit must be whole again after "back".
  window.addEventListener("pageshow", () => {
    returnToRow()
    for (const form of document.querySelectorAll("[data-chosen]")) {
      restoreTicks(form)
      countTicked(form)
    }
    for (const field of document.querySelectorAll("[data-tidy] :is(input, select):disabled")) {
      field.disabled = false
    }
  })

  // What was written or chosen, and not sent, is lost with its part of the page: all but
  // what is sent as it changes, and the ticks of rows, which are kept.
  const KEPT = "[hx-get], [hx-get] *, [data-submit-on-change], [data-chosen] [name=item]"

  const isChanged = (field) => {
    if (field.matches("[type=checkbox], [type=radio]")) {
      return field.checked !== field.defaultChecked
    }
    if (!field.matches("select")) return field.value !== field.defaultValue
    const first = [...field.options].findIndex((option) => option.defaultSelected)
    return field.selectedIndex !== Math.max(first, 0)
  }

  const isWritten = (part) =>
    [...part.querySelectorAll("input, select, textarea")].some(
      (field) => !field.matches(KEPT) && isChanged(field),
    )

  // An open page looks for news, except while nobody sees it, words are selected or a
  // filter is open. It is not loaded again while something is written anywhere.
  const isLook = (element) =>
    (element.getAttribute("hx-trigger") ?? "").startsWith("every")
  let isLooking = false

  const isInUse = () =>
    document.hidden ||
    document.querySelector("#filtering form") ||
    !document.getSelection().isCollapsed

  // Nor is what was found taken where that began only after the question.
  for (const moment of ["htmx:beforeRequest", "htmx:beforeOnLoad"]) {
    document.addEventListener(moment, (event) => {
      const { elt, xhr } = event.detail
      isLooking = isLook(elt)
      const isLoss = xhr.getResponseHeader("HX-Refresh") && isWritten(document)
      if (isLooking && (isInUse() || isLoss)) event.preventDefault()
    })
  }

  // A page that could not be brought up to date says so until it can. What is asked
  // for by hand, and a page that is not there any more, is opened instead: its error
  // has a page of its own.
  const outdated = document.getElementById("outdated")

  const showOutdated = (isShown) => {
    if (outdated) outdated.hidden = !isShown
  }

  // One that is there would find the same again after a reload, for ever.
  const openIfGone = async () => {
    const page = await fetch(location.href, { method: "HEAD" }).catch(() => null)
    if (page?.status === 404) location.reload()
    else showOutdated(true)
  }

  document.addEventListener("htmx:responseError", (event) => {
    const { elt, pathInfo, xhr } = event.detail
    if (!isLook(elt)) location.assign(pathInfo.finalRequestPath)
    else if (xhr.status === 404) openIfGone()
    else showOutdated(true)
  })

  document.addEventListener("htmx:sendError", () => showOutdated(true))

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) showOutdated(false)
  })

  // Whoever is in the middle of a part keeps their place: what is written or being chosen
  // is not taken away, and the part is sent again at the next look; the focus returns to
  // the same link. htmx itself returns it to what has an id.
  let lost = null

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target } = event.detail
    const held = document.activeElement
    const isPart = target.querySelector(":scope > [name=seen]")
    const isHeld = target.contains(held)
    // Arrow keys choose one after the other of what was brought to choose among.
    const isBrought = isHeld && held.matches("[data-brought]")
    if (isPart && isBrought) event.detail.shouldSwap = false
    if (!isLooking || !isPart || isBrought) return
    if (isWritten(target) || (isHeld && held.matches("select"))) {
      event.detail.shouldSwap = false
    } else if (isHeld && held.matches("a") && !held.id) {
      const alike = `a[href="${CSS.escape(held.getAttribute("href"))}"]`
      const number = [...target.querySelectorAll(alike)].indexOf(held)
      lost = { target, alike, number }
    }
  })

  document.addEventListener("htmx:afterSwap", () => {
    if (!lost) return
    const { target, alike, number } = lost
    target.querySelectorAll(alike)[number]?.focus({ preventScroll: true })
    lost = null
  })

  // Choices that were asked for are shown as they come, if the browser still lets them.
  document.addEventListener("htmx:load", (event) => {
    try {
      event.detail.elt.querySelector("[data-brought]")?.showPicker()
    } catch {
      // They have the focus, and open by the next key or press.
    }
  })

  // A row that can be edited has one pencil; so that pages stay small, those that lead
  // from each cell to its field are made here.
  const addPencils = () => {
    for (const head of document.querySelectorAll(".sheet th[data-field]")) {
      const field = encodeURIComponent(head.dataset.field)
      for (const row of head.closest("table").tBodies[0].rows) {
        const whole = row.querySelector("th > .cell-edit")
        const cell = row.cells[head.cellIndex]
        if (!whole || cell.querySelector(".cell-edit")) continue
        const pencil = whole.cloneNode()
        pencil.href = `${whole.pathname}?field=${field}#field-${field}`
        pencil.removeAttribute("aria-labelledby")
        // Behind its icon, if there is one.
        const name = row.querySelector("th > a").lastChild.textContent
        pencil.setAttribute("aria-label", `Edit ${head.dataset.label} of ${name}`)
        cell.append(pencil)
      }
    }
  }
  document.addEventListener("htmx:afterSettle", addPencils)

  // Polling replaces a region every few seconds; only news is read out.
  let lastNews = null
  const readNews = () => {
    const element = document.querySelector("[data-announce]")
    const news = element ? element.dataset.announce : null
    if (lastNews !== null && news && news !== lastNews) {
      announcer.textContent = news
    }
    lastNews = news ?? lastNews
  }
  document.addEventListener("htmx:afterSettle", readNews)

  document.addEventListener("allauth.error", () => {
    const problem = document.getElementById("webauthn-problem")
    if (!problem) return
    document.querySelector("#main .entrance, #main .page").append(problem)
    problem.hidden = false
  })

  // A file that is too large is not sent at all.
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-most-bytes]")) return
    const isTooLarge = target.files[0]?.size > Number(target.dataset.mostBytes)
    target.setCustomValidity(isTooLarge ? target.dataset.tooLarge : "")
    target.reportValidity()
  })

  tellTimeZone()
  setUpAutoSubmit()
  unfold()
  addPencils()
  readNews()
})()
