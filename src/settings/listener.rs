//! What the settings of the listener must be together: who may hear it, in clear or under TLS, and whose word counts
//! there.

use std::path::PathBuf;

use super::table::Setting;
use super::{Settings, SettingsError, Source, Sourced, Values};
use crate::http::contract::PublicAddress;
use crate::proxies::TrustedProxies;
use crate::tls::TlsFiles;

/// A file of TLS. The demo takes it from a flag alone, as its data folder and key: file and environment are a real
/// store's.
pub(super) fn tls_path(
    values: &Values,
    setting: &'static Setting,
    demo: bool,
) -> Result<Option<Sourced<PathBuf>>, SettingsError> {
    let found = values.optional(setting)?;
    Ok(found.filter(|path: &Sourced<PathBuf>| !demo || matches!(path.source, Source::Flag(_))))
}

impl Settings {
    /// The files of certificate and key, where the listener speaks TLS.
    #[must_use]
    pub fn tls_files(&self) -> Option<TlsFiles> {
        let certificate = self.tls_certificate.as_ref()?.value.clone();
        let key = self.tls_key.as_ref()?.value.clone();
        Some(TlsFiles { certificate, key })
    }

    /// Whose forwarded addresses count.
    #[must_use]
    pub fn proxies(&self) -> TrustedProxies {
        self.trusted_proxies.as_ref().map(|proxies| proxies.value.clone()).unwrap_or_default()
    }

    /// Where clients reach the server.
    #[must_use]
    pub fn public_address(&self) -> PublicAddress {
        let configured = self.public_url.as_ref().map(|url| url.value.trim_end_matches('/').to_owned());
        PublicAddress { configured, secure: self.behind_tls_proxy.value || self.tls_certificate.is_some() }
    }

    /// Plain HTTP carries passwords and sessions readable by whoever is on the wire: only loopback may hear it,
    /// or a proxy that ends TLS. The demo's passwords are published: it is for loopback in any case.
    pub(super) fn check_listener(&self) -> Result<(), SettingsError> {
        let Sourced { value: listen, source } = &self.listen;
        if listen.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        if self.demo {
            return Err(SettingsError::Contradiction(format!(
                "--demo listens on loopback only, since its passwords are published; \
                 listen ({source}) is {listen}: use 127.0.0.1 or [::1]"
            )));
        }
        // With one of the two missing, that is the fault to tell.
        if self.behind_tls_proxy.value || self.tls_certificate.is_some() || self.tls_key.is_some() {
            return Ok(());
        }
        Err(SettingsError::Contradiction(format!(
            "listen ({source}) is {listen}, which is beyond loopback, and there is no TLS: passwords would cross the \
             network in clear. Give the server's certificate and key (tls_certificate, tls_key), or put a proxy that \
             ends TLS in front and give --behind-tls-proxy, or listen on 127.0.0.1 or [::1]"
        )))
    }

    /// Certificate and key are of use together only.
    pub(super) fn check_tls(&self) -> Result<(), SettingsError> {
        let (given, source, missing) = match (&self.tls_certificate, &self.tls_key) {
            (None, None) => return Ok(()),
            (Some(certificate), Some(_)) if self.demo => {
                return Err(SettingsError::Contradiction(format!(
                    "--demo speaks plain HTTP on loopback; tls_certificate ({}) is for a store of your own: leave it \
                     out, or run crmconf init",
                    certificate.source
                )));
            }
            (Some(_), Some(_)) => return Ok(()),
            (Some(certificate), None) => ("tls_certificate", &certificate.source, "tls_key"),
            (None, Some(key)) => ("tls_key", &key.source, "tls_certificate"),
        };
        Err(SettingsError::Contradiction(format!(
            "{given} ({source}) is given without {missing}: give both, or neither for plain HTTP"
        )))
    }

    /// Whoever reaches the server directly could otherwise say to be anyone.
    pub(super) fn check_proxies(&self) -> Result<(), SettingsError> {
        match &self.trusted_proxies {
            Some(proxies) if !self.behind_tls_proxy.value => Err(SettingsError::Contradiction(format!(
                "trusted_proxies ({}) counts only behind a proxy: give --behind-tls-proxy too, or leave it out",
                proxies.source
            ))),
            Some(_) | None => Ok(()),
        }
    }
}
