//! Connections to object storage, with the credentials that the environment holds; nothing is asked yet.
//!
//! Without credentials there requests are anonymous. The address at which a cloud's own machines find credentials is
//! asked only where the user says so: `NEARMISS_INSTANCE_CREDENTIALS=1`.

use super::super::url::Address;
use crate::error::{Error, Result};
use object_store::http::HttpBuilder;
use object_store::list::PaginatedListStore;
use object_store::{ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// A place that can be asked.
pub(super) struct Connection {
    /// What is asked.
    pub store: Arc<dyn ObjectStore>,
    /// The same, for pages of names; a web server has none.
    pub pages: Option<Arc<dyn PaginatedListStore>>,
    /// Which host that is, in words.
    pub host: String,
    /// Did the environment hold no credentials?
    pub anonymous: bool,
}

/// What a request that fails for a passing reason is given.
const RETRIES: usize = 5;
const PATIENCE: Duration = Duration::from_mins(1);
/// A host that sends nothing for this long is given up; a large object may take as long as it takes.
const SILENCE: &str = "60s";
const WHOLE: &str = "1day";

/// A web server, which is only read.
pub(super) fn web(address: &Address) -> Result<Connection> {
    // The address of this machine alone is read without encryption; see `url`.
    let encrypted = address.shown.to_ascii_lowercase().starts_with("https:");
    let mut options = ClientOptions::new().with_allow_http(!encrypted);
    for (key, value) in timeouts("") {
        options = options.with_config(key, value);
    }
    let builder = HttpBuilder::new()
        .with_url(&address.shown)
        .with_client_options(options);
    let built = builder.with_retry(retry()).build();
    Ok(Connection {
        store: Arc::new(built.map_err(|e| unusable(address, "SSL_CERT_FILE", &e))?),
        pages: None,
        host: address.bucket.clone(),
        anonymous: true,
    })
}

/// How often a request is tried again.
pub(super) fn retry() -> RetryConfig {
    RetryConfig {
        max_retries: RETRIES,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    }
}

/// How long a host is waited for; `own` is the user's own word on its silence.
pub(super) fn timeouts(own: &str) -> Vec<(ClientConfigKey, &'static str)> {
    let mut timeouts = vec![(ClientConfigKey::Timeout, WHOLE)];
    if std::env::var_os(own).is_none() {
        timeouts.push((ClientConfigKey::ReadTimeout, SILENCE));
    }
    timeouts
}

/// Are requests not signed? `known` says whether the environment holds credentials, `skip` whether the user wants none.
pub(super) fn is_anonymous(known: bool, skip: Option<String>) -> bool {
    let instance = std::env::var("NEARMISS_INSTANCE_CREDENTIALS").is_ok_and(|value| value == "1");
    skip.is_some_and(|skip| is_true(&skip)) || !(known || instance)
}

/// Does a setting say yes?
pub(super) fn is_true(value: &str) -> bool {
    ["1", "true", "on", "yes", "y"].contains(&value.to_ascii_lowercase().as_str())
}

/// The host of `endpoint`, without what an address must not hold.
pub(super) fn host_of(endpoint: &str) -> String {
    let rest = endpoint
        .split_once("://")
        .map_or(endpoint, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    host.rsplit_once('@')
        .map_or(host, |(_, host)| host)
        .to_owned()
}

/// An error where `endpoint` is not encrypted and `allowed` does not permit that: a request would be refused without
/// a word why.
pub(super) fn refuse_http(
    address: &Address,
    endpoint: Option<&str>,
    allowed: Option<&str>,
    name: &str,
) -> Result<()> {
    let plain = endpoint.filter(|e| e.to_ascii_lowercase().starts_with("http://"));
    match plain {
        Some(endpoint) if !allowed.is_some_and(is_true) => Err(Error::request(
            format!(
                "{}: {} is asked without encryption",
                address.shown,
                host_of(endpoint)
            ),
            format!("Set {name}=true to permit that, or give an endpoint of https://."),
        )),
        _ => Ok(()),
    }
}

/// Without the setting `name` the others are of no use.
pub(super) fn half(address: &Address, name: &str) -> Error {
    Error::request(
        format!("{}: {name} is not set", address.shown),
        format!("Set {name} in the environment."),
    )
}

/// What `build` refused. Its text may repeat a setting, and so a secret: only that of a missing one is passed on.
pub(super) fn unusable(address: &Address, settings: &str, error: &object_store::Error) -> Error {
    let why = Some(error.to_string())
        .filter(|text| text.contains("Missing"))
        .map(|text| format!(": {text}"));
    Error::request(
        format!(
            "{}: the settings for it cannot be used{}",
            address.shown,
            why.unwrap_or_default()
        ),
        format!(
            "Check {settings} in the environment, the files that they name, and the system's certificates."
        ),
    )
}
