//! Reads a table by the AWS SDK: one scan of all its pages for a look, each call and the whole of it within a time.
//!
//! Region, endpoint and credentials that no setting names are found as the SDK finds them (variables, profile, web
//! identity, container, instance). The TLS is rustls with ring, named here, so that no default of the process counts.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::scan::{ScanError, ScanOutput};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use tokio::runtime::Runtime;

use super::items::{Attribute, Item, Items, KEY, TEMPLATE};
use crate::settings::TableSettings;
use crate::templates::reload::{Documents, Look};
use crate::templates::watched::Looks;

/// How long a connection may take to stand.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// How long one attempt to get a page may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(10);
/// How often a page is tried. The next look tries again in any case.
const ATTEMPTS: u32 = 2;
/// How long a page may take with all attempts.
const PAGE_MAX: Duration = Duration::from_secs(20);
/// How long a look may take: finding region and credentials, and all pages.
const LOOK_MAX: Duration = Duration::from_secs(60);

/// A table of templates.
pub(super) struct Table {
    settings: TableSettings,
    /// What reads it, once that could be set up. The runtime is its own, as the thread is that looks.
    reader: Option<Reader>,
}

/// A client with the runtime that it needs.
struct Reader {
    runtime: Option<Runtime>,
    client: Option<Client>,
}

impl Table {
    pub(super) const fn new(settings: TableSettings) -> Self {
        Self { settings, reader: None }
    }
}

impl Looks for Table {
    fn documents(&self) -> Documents {
        Documents::Items
    }

    fn interval(&self) -> Duration {
        self.settings.refresh.value
    }

    fn look(&mut self) -> Result<Look, String> {
        let Reader { runtime, client } = match &mut self.reader {
            Some(reader) => reader,
            none => none.insert(Reader::new()?),
        };
        let runtime = runtime.as_ref().ok_or("it is no longer read")?;
        let settings = &self.settings;
        runtime.block_on(async {
            let looked = tokio::time::timeout(LOOK_MAX, look(settings, client)).await;
            looked.unwrap_or_else(|_| Err(format!("reading it took longer than {} s", LOOK_MAX.as_secs())))
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamoDB table {:?}", self.settings.table.value)
    }
}

impl Reader {
    fn new() -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime can be set up for it: {error}"))?;
        Ok(Self { runtime: Some(runtime), client: None })
    }
}

impl Drop for Reader {
    /// A name that is being looked up must not keep the program from ending.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Reads the whole table.
async fn look(settings: &TableSettings, client: &mut Option<Client>) -> Result<Look, String> {
    let client = match client {
        Some(client) => client,
        none => none.insert(connect(settings).await?),
    };
    let scan = client
        .scan()
        .table_name(&settings.table.value)
        // What was written before is seen: an operator waits for one interval, not for two.
        .consistent_read(true)
        .projection_expression("#key, #template")
        .expression_attribute_names("#key", KEY)
        .expression_attribute_names("#template", TEMPLATE);
    let mut pages = scan.into_paginator().send();
    let mut items = Items::default();
    while let Some(page) = pages.next().await {
        let ScanOutput { items: page, .. } = page.map_err(|error| told(&error))?;
        for item in page.into_iter().flatten() {
            items.take(item_of(item))?;
        }
    }
    Ok(items.look())
}

/// A client for the table's service.
async fn connect(settings: &TableSettings) -> Result<Client, String> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_MAX)
        .operation_attempt_timeout(ATTEMPT_MAX)
        .operation_timeout(PAGE_MAX)
        .build();
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS));
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.value.clone()));
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(&endpoint.value);
    }
    let config = loader.load().await;
    if config.region().is_none() {
        return Err("no AWS region is set: set templates_dynamodb_region or AWS_REGION".to_owned());
    }
    Ok(Client::new(&config))
}

fn item_of(mut item: std::collections::HashMap<String, AttributeValue>) -> Item {
    let key = match item.remove(KEY) {
        Some(AttributeValue::S(key)) => Some(key),
        Some(_) | None => None,
    };
    let template = match item.remove(TEMPLATE) {
        Some(AttributeValue::S(text)) => Attribute::Text(text),
        Some(_) => Attribute::NotAString,
        None => Attribute::Missing,
    };
    Item { key, template }
}

/// Why a page could not be had. Of what the service says only the code is told: its messages may repeat the request, and
/// in that stands the session's token. Of what finds credentials nothing is: it may quote where it looked.
fn told(error: &SdkError<ScanError, HttpResponse>) -> String {
    match error {
        SdkError::ServiceError(refused) => {
            let status = refused.raw().status().as_u16();
            let code = refused.err().code().map(|code| format!("{code}, ")).unwrap_or_default();
            format!("the service refuses: {code}HTTP status {status}")
        }
        SdkError::TimeoutError(_) => format!(
            "the service did not answer in time ({} s for an attempt, {} s for a page)",
            ATTEMPT_MAX.as_secs(),
            PAGE_MAX.as_secs()
        ),
        error if causes(error).any(|cause| cause.is::<CredentialsError>()) => {
            "the AWS SDK finds no credentials that it can use (variables, profile, web identity, container, instance)"
                .to_owned()
        }
        SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
            Some(connector) if connector.is_timeout() => {
                format!("the service cannot be reached: no connection within {} s", CONNECT_MAX.as_secs())
            }
            Some(connector) if connector.is_io() => {
                format!("the service cannot be reached: {}", innermost(connector))
            }
            Some(connector) => format!("the request failed on its way: {}", innermost(connector)),
            None => "the request could not be sent".to_owned(),
        },
        SdkError::ResponseError(_) => "what answers does not speak as DynamoDB does".to_owned(),
        SdkError::ConstructionFailure(_) => "the request cannot be made: is the name of the table one?".to_owned(),
        unknown => format!("reading it failed: {unknown}"),
    }
}

/// The error, and what caused it, outermost first.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The last cause: the operating system's own words, or those of TLS.
fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
