//! One entry of JSON: which picture it names or holds, and its captions, in the forms that are published.

use crate::dataset::encoded::is_picture;
use crate::dataset::formats::builder::{IMAGE_KEYS, PICTURE_KEYS};
use crate::dataset::formats::text::{CAPTION_KEYS, captions_in, value};
use serde_json::{Map, Value};

/// Keys of a conversation, as `LLaVA` and chat templates have them.
const TALKS: [&str; 2] = ["conversations", "messages"];

/// Who answers in a conversation.
const ANSWERS: [&str; 4] = ["gpt", "assistant", "model", "bot"];

/// Where an image is named without its ending, as XM3600 does.
const KEY: &str = "image/key";

/// What an entry says.
pub(crate) struct Entry<'a> {
    /// The picture's name, or the picture itself as text.
    pub name: &'a str,
    /// Does the name lack its ending?
    pub stem: bool,
    /// The captions.
    pub captions: Vec<String>,
    /// Captions that are no text.
    pub odd: usize,
    /// Are the captions given by language?
    pub languages: bool,
}

/// Why an entry cannot be used.
pub(crate) enum Fault<'a> {
    /// It names a picture, but holds no caption.
    NoCaption(&'a str, String),
    /// Anything else.
    Other(String),
    /// It holds captions in these languages, and none was chosen.
    Languages(Vec<String>),
}

/// Does an object look like an entry?
pub(crate) fn is_entry(object: &Map<String, Value>) -> bool {
    let talks = TALKS.iter().chain([&KEY]);
    let told = captions_of(object).is_some()
        || value(object, &IMAGE_KEYS).is_some()
        || talks.into_iter().any(|key| object.contains_key(*key));
    name(object).is_ok() && told
}

/// The keys by which the beginning of a file is known to hold entries.
pub(crate) fn keys() -> impl Iterator<Item = &'static str> {
    let pictures = IMAGE_KEYS.into_iter().chain(PICTURE_KEYS);
    pictures.chain(TALKS).chain([KEY])
}

/// Reads an entry; `language` chooses among captions in several.
pub(crate) fn read<'a>(
    object: &'a Map<String, Value>,
    language: Option<&str>,
) -> Result<Entry<'a>, Fault<'a>> {
    let (name, stem) = name(object).map_err(Fault::Other)?;
    let given = languages(object);
    let entry = |captions, odd| Entry {
        name,
        stem,
        captions,
        odd,
        languages: captions_of(object).is_none() && !given.is_empty(),
    };
    if let Some(captions) = captions_of(object) {
        return Ok(entry(texts(captions), odd(captions)));
    }
    if let Some(talk) = TALKS.iter().find_map(|key| object.get(*key)) {
        return if let Some(answer) = answer(talk) {
            Ok(entry(vec![answer], 0))
        } else {
            let what = "its conversation has no answer to take as the caption";
            Err(Fault::NoCaption(name, what.into()))
        };
    }
    match (language, given.as_slice()) {
        (_, []) => {
            let what = format!("the key \"{}\" is missing", CAPTION_KEYS.join("\" or \""));
            Err(Fault::NoCaption(name, what))
        }
        (None, [(_, captions)]) => Ok(entry(texts(captions), odd(captions))),
        (None, several) => {
            let names = several.iter().map(|(language, _)| (*language).to_owned());
            Err(Fault::Languages(names.collect()))
        }
        (Some(wanted), several) => {
            if let Some((_, captions)) = several
                .iter()
                .find(|(language, _)| language.eq_ignore_ascii_case(wanted))
            {
                Ok(entry(texts(captions), odd(captions)))
            } else {
                let what = format!("has no caption in the language {wanted}");
                Err(Fault::NoCaption(name, what))
            }
        }
    }
}

/// The picture's name, and whether it lacks its ending.
fn name(object: &Map<String, Value>) -> Result<(&str, bool), String> {
    if let Some(key) = object.get(KEY).and_then(Value::as_str) {
        return Ok((key, true));
    }
    let given = value(object, &IMAGE_KEYS).or_else(|| value(object, &PICTURE_KEYS));
    let given = match given {
        Some(given) => given,
        None => {
            if let Some(Value::Array(list)) = object.get("images") {
                match list.as_slice() {
                    [one] => one,
                    list => return Err(format!("names {} pictures, not one", list.len())),
                }
            } else {
                // A picture as text tells itself, whatever its key is called.
                let mut texts = object.values().filter_map(Value::as_str);
                let missing = || format!("the key \"{}\" is missing", IMAGE_KEYS.join("\" or \""));
                let picture = texts.find(|text| is_picture(text)).ok_or_else(missing)?;
                return Ok((picture, false));
            }
        }
    };
    let within = |object: &'_ Map<String, Value>| {
        let keys = [
            "path",
            "url",
            "file_name",
            "image",
            "bytes",
            "base64",
            "data",
        ];
        keys.iter().find(|key| object.contains_key(**key)).copied()
    };
    match given {
        Value::String(name) => Ok((name, false)),
        Value::Object(inner) => within(inner)
            .and_then(|key| inner.get(key)?.as_str())
            .map(|name| (name, false))
            .ok_or_else(|| "the file name is not a text".into()),
        _ => Err("the file name is not a text".into()),
    }
}

/// The value under one of the keys of captions; `text` beside a conversation is none of them.
fn captions_of(object: &Map<String, Value>) -> Option<&Value> {
    let talks = TALKS.iter().any(|key| object.contains_key(*key));
    value(object, &CAPTION_KEYS).filter(|_| !talks)
}

fn list(captions: &Value) -> &[Value] {
    match captions {
        Value::Array(several) => several,
        one => std::slice::from_ref(one),
    }
}

fn texts(captions: &Value) -> Vec<String> {
    let text = |caption: &Value| match caption {
        // A class label, as in {"text": 7}.
        Value::Number(number) => vec![number.to_string()],
        other => captions_in(other),
    };
    list(captions).iter().flat_map(text).collect()
}

/// Captions that are neither a text, nor a number, nor an object with one.
fn odd(captions: &Value) -> usize {
    let odd = |caption: &&Value| !caption.is_number() && captions_in(caption).is_empty();
    list(captions).iter().filter(odd).count()
}

/// The first answer of a conversation, without the mark that stands for the picture.
fn answer(talk: &Value) -> Option<String> {
    let answers = talk.as_array()?.iter().filter(|turn| {
        let who = turn.get("from").or_else(|| turn.get("role"));
        who.and_then(Value::as_str)
            .is_some_and(|who| ANSWERS.contains(&who.to_lowercase().as_str()))
    });
    let said = |turn: &Value| {
        let content = turn.get("value").or_else(|| turn.get("content"))?;
        let parts = captions_in(content).join(" ");
        let text = parts.replace("<image>", "").trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    answers.into_iter().find_map(said)
}

/// Captions in several languages: XM3600's `"en": {"caption": [..]}`.
fn languages(object: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let of =
        |(key, value): (&'_ String, &'_ Value)| value.get("caption").is_some() && key.len() <= 8;
    let mut found = Vec::new();
    for (key, value) in object {
        if of((key, value))
            && let Some(captions) = value.get("caption")
        {
            found.push((key.as_str(), captions));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: &str, language: Option<&str>) -> Result<(String, Vec<String>), String> {
        let object: Map<String, Value> = serde_json::from_str(json).unwrap();
        match read(&object, language) {
            Ok(entry) => Ok((entry.name.to_owned(), entry.captions)),
            Err(Fault::NoCaption(name, what)) => Err(format!("{name}: {what}")),
            Err(Fault::Other(what)) => Err(what),
            Err(Fault::Languages(names)) => Err(names.join(" ")),
        }
    }

    #[test]
    fn conversations_give_their_first_answer() {
        let one = ("a.jpg".to_owned(), vec!["a red car".to_owned()]);
        for json in [
            r#"{"image": "a.jpg", "conversations": [{"from": "human", "value": "x\n<image>"}, {"from": "gpt", "value": "a red car"}, {"from": "gpt", "value": "more"}]}"#,
            r#"{"images": ["a.jpg"], "messages": [{"role": "user", "content": "<image>"}, {"role": "assistant", "content": "a red car"}]}"#,
            r#"{"images": [{"path": "a.jpg"}], "messages": [{"role": "assistant", "content": [{"type": "text", "text": "a red car"}]}]}"#,
        ] {
            assert_eq!(said(json, None).as_ref(), Ok(&one), "{json}");
        }
        let none = r#"{"image": "a.jpg", "conversations": [{"from": "human", "value": "x"}]}"#;
        assert!(said(none, None).unwrap_err().contains("no answer"));
        let two = r#"{"images": ["a.jpg", "b.jpg"], "messages": []}"#;
        assert!(said(two, None).unwrap_err().contains("2 pictures"));
    }

    #[test]
    fn of_several_languages_one_is_chosen() {
        let json = r#"{"image/key": "00", "image/locale": "en", "en": {"caption": ["a", "b"], "caption/tokenized": ["a"]}, "de": {"caption": ["ein"]}}"#;
        assert_eq!(said(json, Some("de")).unwrap().1, ["ein"]);
        assert_eq!(said(json, Some("EN")).unwrap().1, ["a", "b"]);
        assert_eq!(said(json, None).unwrap_err(), "de en");
        assert!(said(json, Some("fr")).unwrap_err().contains("fr"));
    }
}
