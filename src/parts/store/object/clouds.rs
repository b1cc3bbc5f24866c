//! The clouds' own settings in the environment: which credentials they hold, and which host is asked.

use super::super::url::{Address, Kind};
use super::connect::{
    Connection, half, host_of, is_anonymous, is_true, refuse_http, retry, timeouts, unusable, web,
};
use crate::error::Result;
use object_store::ClientConfigKey;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey as S3};
use object_store::azure::{AzureConfigKey as Azure, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey as Google};
use std::sync::Arc;

/// Connects with the place at `address`.
///
/// # Errors
/// Settings in the environment are missing or cannot be used.
pub(super) fn connect(address: &Address) -> Result<Connection> {
    // There is one for the process; another that was installed before serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match address.kind {
        Kind::S3 => s3(address),
        Kind::Google => google(address),
        Kind::Azure => azure(address),
        Kind::Web => web(address),
    }
}

/// A bucket of S3: `AWS_*`.
///
/// # Errors
/// Settings are missing or cannot be used.
fn s3(address: &Address) -> Result<Connection> {
    let mut builder = AmazonS3Builder::from_env();
    let told = |builder: &AmazonS3Builder, key: S3| {
        builder
            .get_config_value(&key)
            .filter(|value| !value.is_empty())
    };
    for (key, value) in timeouts("AWS_READ_TIMEOUT") {
        builder = builder.with_config(S3::Client(key), value);
    }
    // Not every S3 removes several objects at once, and one is removed here.
    builder = builder
        .with_bucket_name(&address.bucket)
        .with_retry(retry())
        .with_disable_bulk_delete(true);
    let (key, secret) = (
        told(&builder, S3::AccessKeyId),
        told(&builder, S3::SecretAccessKey),
    );
    if key.is_some() != secret.is_some() {
        let missing = if key.is_some() {
            "AWS_SECRET_ACCESS_KEY"
        } else {
            "AWS_ACCESS_KEY_ID"
        };
        return Err(half(address, missing));
    }
    let both = |a, b| told(&builder, a).is_some() && told(&builder, b).is_some();
    // In the order and under the conditions of `build`, which would go on to the instance's own.
    let known = key.is_some()
        || both(S3::WebIdentityTokenFile, S3::RoleArn)
        || told(&builder, S3::ContainerCredentialsRelativeUri).is_some()
        || both(
            S3::ContainerCredentialsFullUri,
            S3::ContainerAuthorizationTokenFile,
        );
    let endpoint = told(&builder, S3::S3Endpoint).or_else(|| told(&builder, S3::Endpoint));
    let http = told(&builder, S3::Client(ClientConfigKey::AllowHttp));
    refuse_http(
        address,
        endpoint.as_deref(),
        http.as_deref(),
        "AWS_ALLOW_HTTP",
    )?;
    let region = told(&builder, S3::Region).unwrap_or_else(|| "us-east-1".into());
    let host = endpoint.map_or_else(|| format!("s3.{region}.amazonaws.com"), |e| host_of(&e));
    let anonymous = is_anonymous(known, told(&builder, S3::SkipSignature));
    let built = builder.with_skip_signature(anonymous).build();
    let store = Arc::new(built.map_err(|e| unusable(address, "AWS_*", &e))?);
    Ok(Connection {
        pages: Some(store.clone()),
        store,
        host: format!("bucket {} of s3 at {host}", address.bucket),
        anonymous,
    })
}

/// A bucket of Google Cloud Storage: `GOOGLE_*`.
///
/// # Errors
/// Settings are missing or cannot be used.
fn google(address: &Address) -> Result<Connection> {
    let mut builder = GoogleCloudStorageBuilder::from_env();
    for (key, value) in timeouts("GOOGLE_READ_TIMEOUT") {
        builder = builder.with_config(Google::Client(key), value);
    }
    builder = builder
        .with_bucket_name(&address.bucket)
        .with_retry(retry());
    let told = |key| {
        builder
            .get_config_value(&key)
            .filter(|value| !value.is_empty())
    };
    // Where `gcloud auth application-default login` puts them.
    let (home, folder) = if cfg!(windows) {
        ("APPDATA", "gcloud")
    } else {
        ("HOME", ".config/gcloud")
    };
    let login = std::env::var_os(home).is_some_and(|home| {
        let folder = std::path::Path::new(&home).join(folder);
        folder.join("application_default_credentials.json").exists()
    });
    let keys = [
        Google::ServiceAccount,
        Google::ServiceAccountKey,
        Google::ApplicationCredentials,
        Google::BearerToken,
    ];
    let known = login || keys.into_iter().any(|key| told(key).is_some());
    let anonymous = is_anonymous(known, told(Google::SkipSignature));
    let endpoint = told(Google::BaseUrl);
    let http = told(Google::Client(ClientConfigKey::AllowHttp));
    refuse_http(
        address,
        endpoint.as_deref(),
        http.as_deref(),
        "GOOGLE_ALLOW_HTTP",
    )?;
    let host = endpoint.map_or_else(
        || "storage.googleapis.com".into(),
        |endpoint| host_of(&endpoint),
    );
    let built = builder.with_skip_signature(anonymous).build();
    let store = Arc::new(built.map_err(|e| unusable(address, "GOOGLE_*", &e))?);
    Ok(Connection {
        pages: Some(store.clone()),
        store,
        host: format!("bucket {} of gs at {host}", address.bucket),
        anonymous,
    })
}

/// A container of Azure Blob Storage: `AZURE_*`.
///
/// # Errors
/// Settings are missing or cannot be used.
fn azure(address: &Address) -> Result<Connection> {
    let mut builder = MicrosoftAzureBuilder::from_env();
    for (key, value) in timeouts("AZURE_READ_TIMEOUT") {
        builder = builder.with_config(Azure::Client(key), value);
    }
    builder = builder
        .with_container_name(&address.bucket)
        .with_retry(retry());
    let told = |key| {
        builder
            .get_config_value(&key)
            .filter(|value| !value.is_empty())
    };
    let emulator = told(Azure::UseEmulator).is_some_and(|value| is_true(&value));
    let host = match (told(Azure::Endpoint), told(Azure::AccountName)) {
        _ if emulator => "the emulator on this machine".to_owned(),
        (_, None) => return Err(half(address, "AZURE_STORAGE_ACCOUNT_NAME")),
        (Some(endpoint), _) => host_of(&endpoint),
        (None, Some(account)) => format!("{account}.blob.core.windows.net"),
    };
    let http = told(Azure::Client(ClientConfigKey::AllowHttp));
    refuse_http(
        address,
        told(Azure::Endpoint).as_deref(),
        http.as_deref(),
        "AZURE_ALLOW_HTTP",
    )?;
    let all = |keys: &[Azure]| keys.iter().all(|key| told(*key).is_some());
    // In the conditions of `build`, which would go on to the instance's own.
    let known = emulator
        || [Azure::Token, Azure::AccessKey, Azure::SasKey]
            .into_iter()
            .any(|key| all(&[key]))
        || told(Azure::CredentialType).is_some_and(|kind| kind != "auto")
        || all(&[
            Azure::ClientId,
            Azure::AuthorityId,
            Azure::FederatedTokenFile,
        ])
        || all(&[Azure::ClientId, Azure::AuthorityId, Azure::ClientSecret])
        || told(Azure::UseAzureCli).is_some_and(|value| is_true(&value));
    let anonymous = is_anonymous(known, told(Azure::SkipSignature));
    let built = builder.with_skip_signature(anonymous).build();
    let store = Arc::new(built.map_err(|e| unusable(address, "AZURE_*", &e))?);
    Ok(Connection {
        pages: Some(store.clone()),
        store,
        host: format!("container {} of az at {host}", address.bucket),
        anonymous,
    })
}
