"""A headless Chromium that looks at pages: which errors they make, what they ask for, and what axe-core says of them."""

import contextlib
import importlib.util
import shutil
import site
import sys
import unittest

from support import SOURCE

# Playwright lies in .venv, of which this Python is the one that made it.
site.addsitedir(str(SOURCE / f".venv/lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"))

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
needs_browser = unittest.skipUnless(CHROMIUM and importlib.util.find_spec("playwright") and importlib.util.find_spec("axe_playwright_python"),
                                    "no Chromium or Playwright: scripts/setup tests installs them")


def axe_source():
    package = importlib.util.find_spec("axe_playwright_python").submodule_search_locations[0]
    with open(f"{package}/axe.min.js", encoding="utf-8") as file:
        return file.read()


@contextlib.contextmanager
def chromium():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        # Chromium's own sandbox does not work for root, which containers often are; these pages are ours.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """One page in a window of its own. `problems`: what its console and its scripts complained of, and what it asked the network for."""

    def __init__(self, browser, file, scheme="light", width=1280, height=900):
        self.problems = []
        self.page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce").new_page()
        self.page.set_default_timeout(10_000)
        self.page.on("console", lambda message: self.problems.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        self.page.on("request", lambda request: request.url.startswith(("file:", "data:")) or self.problems.append(f"request: {request.url}"))
        self.page.goto(file.as_uri())

    def violations(self):
        """What axe-core finds wrong, a line each."""
        self.page.evaluate(axe_source())
        found = self.page.evaluate("axe.run().then(result => result.violations)")
        return [f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}" for one in found for node in one["nodes"]]

    def open_step(self, number):
        self.page.click(f"#step-{number} > summary")
        self.page.wait_for_selector(f"#step-{number} > .inside")

    def text(self, selector):
        return self.page.inner_text(selector)

    def focused(self):
        """What the keyboard is at: the id of the step, or the tag."""
        return self.page.evaluate("document.activeElement.closest('.step')?.id || document.activeElement.id || document.activeElement.tagName.toLowerCase()")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)

    def close(self):
        self.page.context.close()
