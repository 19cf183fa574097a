//! Goldens under `snapshots/`, with what differs from run to run replaced after a check of its form.

use super::client::Reply;

/// Compares a text with the golden `snapshots/<area>/<step>.snap`.
pub fn golden(area: &str, step: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots").join(area);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(step, text));
}

/// An answer as a golden shows it: status, telling headers, and the body with one element a line.
pub fn redact(reply: &Reply, ids: &[(&str, &str)]) -> String {
    let mut text = format!("HTTP {}\n", reply.status);
    for name in ["allow", "content-type", "etag", "retry-after", "x-crmconfigurationid"] {
        if let Some(value) = reply.headers.get(name) {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    text.push('\n');
    text.push_str(&reply.body.replace("><", ">\n<"));
    for (id, word) in ids {
        assert!(
            !id.is_empty() && text.contains(id),
            "{id} is not in the answer, {word} would replace nothing"
        );
        text = text.replace(id, &format!("[{word}]"));
    }
    text
}
