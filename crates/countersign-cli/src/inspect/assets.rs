//! The files of the page.

use http::StatusCode;

use super::reply::{self, Reply};

struct Asset {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

/// The file at this path.
pub(super) fn find(path: &str) -> Option<Reply> {
    let asset = ASSETS.iter().find(|asset| asset.path == path)?;
    let mut reply = reply::typed(asset.content_type, asset.text);
    *reply.status_mut() = StatusCode::OK;
    Some(reply)
}

macro_rules! assets {
    ($($path:literal $file:literal $kind:literal),* $(,)?) => {
        &[$(Asset {
            path: $path,
            content_type: $kind,
            text: include_str!(concat!("page/", $file)),
        }),*]
    };
}

const ASSETS: &[Asset] = assets![
    "/" "index.html" "text/html; charset=utf-8",
    "/app.css" "app.css" "text/css; charset=utf-8",
    "/icon.svg" "icon.svg" "image/svg+xml",
    "/app.js" "app.js" "text/javascript; charset=utf-8",
    "/actions.js" "actions.js" "text/javascript; charset=utf-8",
    "/api.js" "api.js" "text/javascript; charset=utf-8",
    "/attack.js" "attack.js" "text/javascript; charset=utf-8",
    "/body.js" "body.js" "text/javascript; charset=utf-8",
    "/detail.js" "detail.js" "text/javascript; charset=utf-8",
    "/dialogs.js" "dialogs.js" "text/javascript; charset=utf-8",
    "/dom.js" "dom.js" "text/javascript; charset=utf-8",
    "/format.js" "format.js" "text/javascript; charset=utf-8",
    "/list.js" "list.js" "text/javascript; charset=utf-8",
    "/verdict.js" "verdict.js" "text/javascript; charset=utf-8",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_at_most_100_kb() {
        let size: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
        assert!(size <= 100_000, "{size}");
    }

    #[test]
    fn text_is_only_ever_set_as_text() {
        for asset in ASSETS {
            for forbidden in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "unsafeHTML",
                "document.write",
                "DOMParser",
                "createContextualFragment",
                "setHTML",
                "srcdoc",
                "eval(",
                "new Function",
                "setTimeout('",
                "setTimeout(\"",
                "style=",
                " onclick=",
            ] {
                assert!(!asset.text.contains(forbidden), "{}: {forbidden}", asset.path);
            }
        }
    }

    #[test]
    fn nothing_is_fetched_from_elsewhere() {
        for asset in ASSETS {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            for forbidden in ["http://", "https://", "@import", "url(", "src=\"//"] {
                assert!(!text.contains(forbidden), "{}: {forbidden}", asset.path);
            }
        }
    }
}
