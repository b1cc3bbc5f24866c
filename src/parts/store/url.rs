//! Where a store lies, read from what the user gave: a folder, or an address of object storage. Nothing is asked of a
//! host here, and nothing of an address that may be a secret is repeated.

use super::name::checked;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// What a user's word for a place means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A place that is reached over the network.
    Remote(Address),
}

/// A place in object storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// What is spoken there.
    pub kind: Kind,
    /// The bucket or container; of a web server its host, with a port where one is given.
    pub bucket: String,
    /// The folder in it, without slashes around it; of a web server still percent-encoded.
    pub prefix: String,
    /// As the user gave it, without the slash at its end.
    pub shown: String,
}

/// What a place in object storage speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// S3, of whichever maker.
    S3,
    /// Google Cloud Storage.
    Google,
    /// Azure Blob Storage.
    Azure,
    /// A web server, which is only read.
    Web,
}

/// What a place may look like, for remedies.
const FORMS: &str = "Give a folder, s3://bucket/folder, gs://bucket/folder, az://container/folder or https://host/folder.";

/// Reads `place`.
///
/// # Errors
/// It is empty, holds a user name, a password or a query, or is of no known kind.
pub(super) fn parse(place: &str) -> Result<Place> {
    if place.is_empty() || place.contains('\0') {
        return Err(Error::request("the place is empty or holds a NUL", FORMS));
    }
    let Some((scheme, rest)) = place.split_once("://").filter(|(s, _)| is_scheme(s)) else {
        return Ok(Place::Folder(place.into()));
    };
    let scheme = scheme.to_ascii_lowercase();
    if scheme == "file" {
        return folder_of_url(rest);
    }
    let (bucket, path) = rest.split_once('/').unwrap_or((rest, ""));
    refuse_secrets(&scheme, bucket, path)?;
    let shown = place.trim_end_matches('/').to_owned();
    let wrong = |what: String| Error::request(format!("{shown}: {what}"), FORMS);
    let kind = match scheme.as_str() {
        "s3" => Kind::S3,
        "gs" => Kind::Google,
        "az" => Kind::Azure,
        "https" => Kind::Web,
        // Read by anyone on the way, and changed; within one machine there is no way.
        "http" if is_loopback(bucket) => Kind::Web,
        "http" => {
            return Err(wrong(
                "it is not encrypted: https:// is read, http:// is not".into(),
            ));
        }
        _ => {
            return Err(wrong(format!(
                "{scheme}:// is no kind of place that can be read"
            )));
        }
    };
    // A bucket becomes part of an address as it stands.
    let (first, allowed) = match kind {
        Kind::Web => ("[", "-._:[]"),
        _ => ("$", "-._$"),
    };
    let of = |c: char, more: &str| c.is_ascii_alphanumeric() || more.contains(c);
    if !bucket.starts_with(|c| of(c, first)) || !bucket.chars().all(|c| of(c, allowed)) {
        let what = match kind {
            Kind::Web => "host",
            _ => "bucket",
        };
        return Err(wrong(format!("it names no {what}")));
    }
    let prefix = path.trim_end_matches('/');
    if !prefix.is_empty() {
        checked(prefix).map_err(|e| wrong(e.to_string()))?;
    }
    Ok(Place::Remote(Address {
        kind,
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        shown,
    }))
}

/// Is it what stands before `://` of an address? A single letter would be a drive.
fn is_scheme(text: &str) -> bool {
    text.len() > 1
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// An error where an address holds what may be a secret; its text repeats none of it.
fn refuse_secrets(scheme: &str, bucket: &str, path: &str) -> Result<()> {
    if let Some((_, host)) = bucket.rsplit_once('@') {
        // What follows `?` may be a secret too.
        let host = host.split(['?', '#']).next().unwrap_or_default();
        return Err(Error::request(
            format!("{scheme}://…@{host}: an address holds no user name and no password"),
            "Leave out what stands before @; credentials are taken from the environment.",
        ));
    }
    let whole = format!("{bucket}/{path}");
    match whole.split_once(['?', '#']) {
        Some((before, _)) => Err(Error::request(
            format!("{scheme}://{before}: an address of a place holds no ? and no #"),
            "Leave out what follows it; credentials are taken from the environment.",
        )),
        None => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// The folder of a `file://` address, from what follows that.
fn folder_of_url(rest: &str) -> Result<Place> {
    let wrong = |what: &str| Error::request(format!("file://{rest}: {what}"), FORMS);
    let path = match rest.find('/') {
        Some(at) if ["", "localhost"].contains(&&rest[..at]) => &rest[at..],
        _ => {
            return Err(wrong(
                "it is not on this machine, or lacks a slash: file:///folder",
            ));
        }
    };
    let path = decoded(path)
        .ok_or_else(|| wrong("it has a % that two digits do not follow, or is not UTF-8"))?;
    if path.contains('\0') {
        return Err(wrong("it holds a NUL"));
    }
    // file:///C:/folder
    let drive = cfg!(windows) && path.as_bytes().get(2) == Some(&b':');
    Ok(Place::Folder(path[usize::from(drive)..].into()))
}

/// Percent-encoded text as what it stands for.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|b| char::from(b).to_digit(16));
            let (high, low) = (digit()?, digit()?);
            bytes.push((high * 16 + low) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
