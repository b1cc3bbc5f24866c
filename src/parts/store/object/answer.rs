//! What a host said, found in the library's errors.

use object_store::Error as Cause;
use object_store::client::{HttpError, HttpErrorKind};

/// What a host said, as far as it is known.
pub(super) struct Answer {
    /// As "404 Not Found".
    pub status: Option<String>,
    /// The code in the answer's text, as `NoSuchKey`.
    pub code: Option<String>,
    /// What went wrong on the way.
    pub transport: Option<HttpErrorKind>,
    /// The innermost cause.
    pub text: String,
}

impl Answer {
    /// From the chain of causes; status and code are told by its texts alone.
    pub(super) fn of(cause: &Cause) -> Self {
        let mut answer = Self {
            status: None,
            code: None,
            transport: None,
            text: String::new(),
        };
        let mut next: Option<&dyn std::error::Error> = Some(cause);
        while let Some(error) = next {
            if let Some(http) = error.downcast_ref::<HttpError>() {
                answer.transport = Some(http.kind());
            }
            let text = error.to_string();
            if let Some(rest) = text.strip_prefix("Server returned non-2xx status code: ") {
                answer.status = rest.split(':').next().map(|status| line(status, 40));
                answer.code = code(rest);
            } else if let Some(rest) = text.strip_prefix("Server returned error response: ") {
                answer.code = code(rest);
            }
            next = error.source();
            if next.is_none() {
                answer.text = line(&without_secrets(text), 200);
            }
        }
        if answer.status.is_some() {
            answer.transport = None;
        }
        answer
    }
}

/// `<Code>` of an answer, where it is a word.
fn code(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    let word = code.len() <= 60 && code.chars().all(|c| c.is_ascii_alphanumeric());
    word.then(|| code.to_owned())
}

/// The beginning of `text` on one line.
fn line(text: &str, most: usize) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars()
        .filter(|c| !c.is_control())
        .take(most)
        .collect()
}

/// `text` without the secrets of the environment, should a library repeat one.
fn without_secrets(mut text: String) -> String {
    for (name, value) in std::env::vars_os() {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
            continue;
        };
        let ours = ["AWS_", "AZURE_", "GOOGLE_"]
            .iter()
            .any(|maker| name.starts_with(maker));
        let secret = ["KEY", "SECRET", "TOKEN", "SAS"]
            .iter()
            .any(|word| name.contains(word));
        if ours && secret && value.len() >= 4 {
            text = text.replace(value, "…");
        }
    }
    text
}
