//! Places that a dialog was asked for: what is written is what was confirmed there, and nothing else is replaced.

use super::with_ending;
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// The files that are written where a dialog confirmed the place `confirmed`, one per ending: the first with its ending
/// appended where the name has another one or none (`coco.v2` becomes `coco.v2.json`), the others beside it under the same
/// name.
///
/// # Errors
/// A file is there already that the dialog did not ask about.
pub fn chosen<const N: usize>(confirmed: &Path, endings: [&str; N]) -> Result<[PathBuf; N]> {
    let first = with_ending(confirmed, endings.first().unwrap_or(&""));
    let mut at = 0;
    let places = endings.map(|ending| {
        at += 1;
        if at == 1 {
            first.clone()
        } else {
            first.with_extension(ending)
        }
    });
    let unasked = |place: &&PathBuf| *place != confirmed && place.symlink_metadata().is_ok();
    match places.iter().find(unasked) {
        None => Ok(places),
        Some(place) => Err(Error::request(
            format!(
                "nothing was written: {} would be replaced, and only {} was confirmed",
                place.display(),
                confirmed.display()
            ),
            "Choose another name, or move that file away.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_appended_and_nothing_unconfirmed_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        assert_eq!(
            chosen(&at("coco.v2"), ["json"]).unwrap(),
            [at("coco.v2.json")]
        );
        assert_eq!(chosen(&at("a.JSON"), ["json"]).unwrap(), [at("a.JSON")]);
        let four = chosen(&at("p.v2"), ["png", "npy", "heatmap.png"]).unwrap();
        assert_eq!(four, ["p.v2.png", "p.v2.npy", "p.v2.heatmap.png"].map(at));
        // What the dialog asked about may be replaced.
        std::fs::write(at("a.json"), "old").unwrap();
        assert!(chosen(&at("a.json"), ["json"]).is_ok());
        let error = chosen(&at("a"), ["json"]).unwrap_err();
        assert!(error.to_string().contains("a.json"), "{error}");
        assert!(error.remedy().contains("another name"));
        std::fs::write(at("p.npy"), "mine").unwrap();
        assert!(chosen(&at("p.png"), ["png", "npy"]).is_err());
        assert!(chosen(&at("p.png"), ["png"]).is_ok());
    }
}
