//! How a read model is written as a section of text.

use std::fmt;

use crate::projection::Projection;

/// Writes a projection under a heading that names it and its version.
pub(crate) fn section<P: Projection>(out: &mut dyn fmt::Write, projection: &P) -> fmt::Result {
    let mut body = String::new();
    projection.dump(&mut body)?;
    writeln!(out, "\n# {} (version {})", P::NAME, P::VERSION)?;
    out.write_str(if body.is_empty() { "(none)\n" } else { &body })
}
