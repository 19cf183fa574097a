//! Looks at the certificate that the listener would show, and its key.

use std::time::SystemTime;

use crate::settings::Settings;

/// A certificate that can be served.
pub(super) struct Certificate {
    /// What is well.
    pub(super) told: String,
    /// Why clients refuse it all the same.
    pub(super) warning: Option<String>,
}

/// The certificate, or what keeps it from being served; `None` where the listener speaks plain HTTP.
pub(super) fn look(settings: &Settings) -> Option<Result<Certificate, String>> {
    let files = settings.tls_files()?;
    let shown = files.certificate.display();
    Some(files.load().map_err(|error| error.to_string()).map(|identity| {
        let validity = identity.validity;
        let warning = validity.complaint(SystemTime::now());
        Certificate {
            told: format!("TLS certificate {shown}: fits its key, and counts until {validity}"),
            warning: warning.map(|why| format!("the TLS certificate {shown} {why}")),
        }
    }))
}
