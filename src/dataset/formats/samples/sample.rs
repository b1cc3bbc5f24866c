//! The texts that lie beside one picture under its name: `a.txt`, `a.json`, `a.caption`, `a.cls`.

use crate::dataset::formats::text::{captions_in, decode};
use serde_json::Value;

/// Endings of files with captions.
pub(crate) const ENDINGS: [&str; 5] = ["txt", "text", "caption", "captions", "json"];

/// Why a text is not taken.
#[derive(Debug)]
pub(crate) enum Fault {
    /// It cannot be read as what it is.
    Broken(String),
    /// There was one before.
    Second(String),
}

/// The texts of one picture, as they are found.
#[derive(Default)]
pub(crate) struct Texts {
    text: Option<String>,
    json: Vec<String>,
    class: Option<String>,
}

impl Texts {
    /// Takes the content of the file with `ending`; any other file is none of ours and left alone.
    ///
    /// # Errors
    /// What is wrong with the content, or that there was a text before.
    pub fn add(&mut self, ending: &str, content: Vec<u8>) -> Result<(), Fault> {
        let class = ending == "cls";
        if !class && !ENDINGS.contains(&ending) {
            return Ok(());
        }
        let broken = |what: String| Fault::Broken(what);
        let text = decode(content).ok_or_else(|| broken("is not a text".into()))?;
        if class {
            self.class = Some(text.trim().to_owned());
        } else if ending == "json" {
            let value: Value = serde_json::from_str(&text)
                .map_err(|e| broken(format!("is not valid JSON: {e}")))?;
            self.json = captions_in(&value);
        } else if self.text.is_some() {
            let what = "is a second text of its sample; the first is used";
            return Err(Fault::Second(what.into()));
        } else {
            self.text = Some(text);
        }
        Ok(())
    }

    /// Would a JSON file beside the text say more?
    pub fn wants_json(&self) -> bool {
        let lines = |text: &String| text.trim().lines().count();
        self.text.as_ref().is_none_or(|text| lines(text) != 1)
    }

    /// Is there anything?
    pub fn is_empty(&self) -> bool {
        self.text.is_none() && self.json.is_empty() && self.class.is_none()
    }

    /// The captions: of the text, else of the JSON, else the class, called as in `classes`. A text has one a line, or
    /// is JSON; it is one caption where the JSON beside says so.
    pub fn captions(self, classes: &[String]) -> Vec<String> {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut captions = Vec::new();
        if let Some(text) = &self.text {
            let whole = words(text);
            let inner = text.trim_start().starts_with(['{', '[']);
            if let Some(value) = inner.then(|| serde_json::from_str(text).ok()).flatten() {
                captions = captions_in(&value);
            }
            if captions.is_empty() && self.json.iter().any(|caption| words(caption) == whole) {
                captions = vec![whole];
            }
            if captions.is_empty() {
                captions = text.lines().map(str::to_owned).collect();
            }
        }
        let trimmed = |captions: Vec<String>| -> Vec<String> {
            let captions = captions.iter().map(|caption| caption.trim());
            captions
                .filter(|caption| !caption.is_empty())
                .map(str::to_owned)
                .collect()
        };
        captions = trimmed(captions);
        if captions.is_empty() {
            captions = trimmed(self.json);
        }
        if captions.is_empty() {
            let named = |class: &String| {
                let name = class.parse().ok().and_then(|i: usize| classes.get(i));
                name.unwrap_or(class).clone()
            };
            captions = self.class.iter().map(named).collect();
        }
        captions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captions(files: &[(&str, &str)]) -> Vec<String> {
        let mut texts = Texts::default();
        for (ending, content) in files {
            texts.add(ending, content.as_bytes().to_vec()).unwrap();
        }
        texts.captions(&["cat".to_owned(), "dog".to_owned()])
    }

    #[test]
    fn a_text_has_a_caption_a_line_unless_the_json_says_it_is_one() {
        assert_eq!(captions(&[("txt", "one\r\n\n two \n")]), ["one", "two"]);
        let whole = [
            ("json", r#"{"caption": "one\ntwo"}"#),
            ("txt", "one\ntwo\n"),
        ];
        assert_eq!(captions(&whole), ["one two"]);
        assert_eq!(captions(&[("txt", r#"["a, b", "c"]"#)]), ["a, b", "c"]);
        assert_eq!(captions(&[("txt", "[sic] a dog")]), ["[sic] a dog"]);
    }

    #[test]
    fn json_and_classes_stand_in_for_a_text() {
        assert_eq!(
            captions(&[("json", r#"{"captions": ["a", "b"], "url": "x"}"#)]),
            ["a", "b"]
        );
        assert_eq!(
            captions(&[("json", r#"{"caption": null}"#), ("cls", "1")]),
            ["dog"]
        );
        assert_eq!(captions(&[("cls", "7")]), ["7"]);
        assert_eq!(
            captions(&[("json", "[{\"raw\": \"a\"}]"), ("cls", "1")]),
            ["a"]
        );
        assert!(Texts::default().add("json", b"{".to_vec()).is_err());
    }
}
