//! A number that may be infinite as JSON, which knows none: read back as `null` it would be no number at all.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(f32),
    Word(Infinity),
}

#[derive(Serialize, Deserialize)]
enum Infinity {
    #[serde(rename = "infinity")]
    Infinity,
}

#[expect(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "what serde calls"
)]
pub fn serialize<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    let written = value.map(|v| match v {
        f32::INFINITY => Written::Word(Infinity::Infinity),
        v => Written::Number(v),
    });
    written.serialize(serializer)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f32>, D::Error> {
    let written = Option::<Written>::deserialize(deserializer)?;
    Ok(written.map(|written| match written {
        Written::Number(v) => v,
        Written::Word(Infinity::Infinity) => f32::INFINITY,
    }))
}

#[cfg(test)]
mod tests {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Held(#[serde(with = "super")] Option<f32>);

    #[test]
    fn what_is_infinite_stays_so() {
        for value in [None, Some(0.1), Some(f32::INFINITY)] {
            let text = serde_json::to_string(&Held(value)).expect("written");
            let Held(read) = serde_json::from_str(&text).expect("read");
            assert_eq!(read, value);
        }
    }
}
