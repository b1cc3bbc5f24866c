//! What object storage refuses, in words: the cause and what to do, and never a credential.
//!
//! The library's own texts hold addresses, which may be signed, and answers of servers as they came. So words are made
//! from kind, status and code; of texts, only that of the system or of the transport is repeated.

use super::super::url::Kind;
use super::answer::Answer;
use crate::error::Error;
use object_store::Error as Cause;
use object_store::client::HttpErrorKind;
use std::path::Path;

/// Of which place something failed.
pub(super) struct At {
    /// The object, as `s3://bucket/folder/name`.
    pub path: String,
    /// Which host was asked, in words.
    pub host: String,
    /// What is spoken there.
    pub kind: Kind,
    /// Were requests not signed?
    pub anonymous: bool,
}

impl At {
    /// What is wrong.
    pub(super) fn error(&self, what: impl Into<String>, remedy: impl Into<String>) -> Error {
        Error::dataset(Path::new(&self.path), what, remedy)
    }

    /// `cause` in words.
    pub(super) fn failed(&self, cause: &Cause) -> Error {
        let answer = Answer::of(cause);
        let code = answer.code.as_deref();
        let said = code.map(|code| format!(" ({code})")).unwrap_or_default();
        let host = &self.host;
        match cause {
            _ if code.is_some_and(is_no_bucket) => self.no_bucket(),
            Cause::NotFound { .. } => self.missing(),
            _ if denied(cause, &answer) => self.error(
                format!("{host} denies access{said}"),
                self.credentials(code),
            ),
            Cause::Precondition { .. } | Cause::NotModified { .. } => {
                self.error("it was replaced while it was read", "Try again.")
            }
            Cause::NotSupported { .. } => self.error(
                format!("{host} does not send parts of a file"),
                "Download it whole, and give its folder.",
            ),
            Cause::InvalidPath { .. } => self.error(
                "a name there cannot be one in a store",
                "Rename what holds // or control characters, or give a folder without it.",
            ),
            _ => match (answer.transport, &answer.status) {
                (Some(kind), _) => self.unreached(kind, &answer.text),
                (None, Some(status)) => self.answered(status, &said, code),
                _ if answer.text.contains("redirect without") => self.error(
                    format!("{host} does not hold this bucket: it lies in another region"),
                    "Set AWS_REGION to the region of the bucket.",
                ),
                _ => self.error(
                    format!("{host} gave no answer that can be used: {}", answer.text),
                    "Try again.",
                ),
            },
        }
    }

    /// As [`At::failed`], of a request for names: what is not there then is the bucket.
    pub(super) fn not_listed(&self, cause: &Cause) -> Error {
        match Answer::of(cause).status {
            Some(status) if status.starts_with("404") => self.no_bucket(),
            _ => self.failed(cause),
        }
    }

    /// Nothing has this name.
    pub(super) fn missing(&self) -> Error {
        self.error(
            format!("there is no such object ({})", self.host),
            "Check that it is still there.",
        )
    }

    /// The bucket is not there.
    pub(super) fn no_bucket(&self) -> Error {
        let where_else = match self.kind {
            Kind::S3 => ", AWS_ENDPOINT_URL and AWS_REGION",
            Kind::Google => "",
            Kind::Azure => " and AZURE_STORAGE_ACCOUNT_NAME",
            Kind::Web => return self.missing(),
        };
        self.error(
            format!("there is no such bucket: {}", self.host),
            format!("Check its name{where_else}."),
        )
    }

    fn unreached(&self, kind: HttpErrorKind, text: &str) -> Error {
        let host = &self.host;
        match kind {
            HttpErrorKind::Timeout => self.error(
                format!("{host} does not answer in time"),
                "Check the network; then try again.",
            ),
            HttpErrorKind::Connect if text.contains("certificate") => self.error(
                format!("{host} cannot be trusted: {text}"),
                "Check the address and this machine's clock; SSL_CERT_FILE names certificates to trust.",
            ),
            HttpErrorKind::Connect => self.error(
                format!("no connection with {host}: {text}"),
                "Check the network and the address of the host; then try again.",
            ),
            _ => self.error(
                format!("the connection with {host} broke: {text}"),
                "Check the network; then try again.",
            ),
        }
    }

    fn answered(&self, status: &str, said: &str, code: Option<&str>) -> Error {
        let host = &self.host;
        let token = code.is_some_and(|code| code.contains("Token") || code.contains("AccessKey"));
        if token {
            return self.error(
                format!("{host} denies access{said}"),
                self.credentials(code),
            );
        }
        let remedy = match status.as_bytes().first() {
            Some(b'5') => "The host is busy or faulty: try again later.",
            _ if status.starts_with("416") => "It is shorter than it was: write or copy it again.",
            _ => "Check the address, and the settings of object storage in the environment.",
        };
        self.error(format!("{host} answers {status}{said}"), remedy)
    }

    /// What to do where access is denied.
    fn credentials(&self, code: Option<&str>) -> String {
        let names = match self.kind {
            Kind::S3 => "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN)",
            Kind::Google => "GOOGLE_APPLICATION_CREDENTIALS",
            Kind::Azure => "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN",
            Kind::Web => return "Only what anyone may read can be read from a web server.".into(),
        };
        if self.anonymous {
            return format!(
                "No credentials were found in the environment: set {names}, or on a machine of that cloud \
                 NEARMISS_INSTANCE_CREDENTIALS=1. Profiles in files are not read."
            );
        }
        match code {
            Some("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "AuthenticationFailed") => {
                format!("The credentials are wrong: check {names} in the environment.")
            }
            Some("RequestTimeTooSkewed") => "Set the clock of this machine.".into(),
            _ => format!("Check what these credentials permit: {names} in the environment."),
        }
    }
}

/// Was access denied?
pub(super) fn is_denied(cause: &Cause) -> bool {
    denied(cause, &Answer::of(cause))
}

/// Requests for names say it by the status alone.
fn denied(cause: &Cause, answer: &Answer) -> bool {
    let status = answer.status.as_deref().unwrap_or_default();
    matches!(
        cause,
        Cause::PermissionDenied { .. } | Cause::Unauthenticated { .. }
    ) || ["401", "403"]
        .iter()
        .any(|denied| status.starts_with(denied))
}

/// Is it the code of a bucket or container that is not there?
fn is_no_bucket(code: &str) -> bool {
    ["NoSuchBucket", "ContainerNotFound"].contains(&code)
}
