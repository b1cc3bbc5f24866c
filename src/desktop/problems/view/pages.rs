//! The pages of pictures and captions that are there twice.

use super::View;
use super::groups::{Entry, Groups, groups_ui};
use crate::desktop::problems::{Command, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, grouped, weak};
use crate::error::counted;
use crate::retrieval::alike::{Group, Likeness, NEAR, SIDE};
use egui::{RichText, Ui};
use std::sync::Arc;

/// What pictures that are there twice cost.
const PICTURES: &str = "Why it matters: a caption of one counts as wrong for the other, though both show the same. Recall is \
                        too low by that, and as a hard negative such a pair teaches what is false.";

/// What captions that are there twice cost.
const CAPTIONS: &str = "Why it matters: they say the same, or nearly, and only one of them counts as right for its picture: the \
                        other counts as wrong in recall though it is the same.";

/// How many groups and members of a kind.
pub fn count(groups: impl Iterator<Item = usize>, of: &str, what: &str) -> String {
    let sizes: Vec<usize> = groups.collect();
    let members: usize = sizes.iter().sum();
    match sizes.len() {
        0 => format!("no {of}"),
        n => format!(
            "{} of {of} ({} {what})",
            counted(n, "group"),
            grouped(members)
        ),
    }
}

/// Captions without a word, in a sentence.
pub fn wordless(count: usize) -> String {
    let captions = counted(count, "caption");
    format!("{captions} without a word: not compared.")
}

/// How pictures are compared, in words.
pub fn how() -> String {
    format!(
        "Equal: every pixel is the same, whatever the file. Nearly equal: scaled to {SIDE} × {SIDE}, they differ by at most {:.0} % of \
         their contrast (root mean square; each from at least one other of its group). Parts cut out, mirrored pictures and other \
         pictures of the same scene are not found.",
        100.0 * NEAR
    )
}

/// What could not be compared, in red and with its names.
pub fn unread_ui(ui: &mut Ui, unseen: usize, unread: &[(String, String)]) {
    const NAMED: usize = 5;
    let t = tokens(ui);
    if unseen > 0 {
        let images = counted(unseen, "image");
        let text = format!("{images} without a picture here: not compared.");
        ui.label(RichText::new(text).color(t.warn));
    }
    if !unread.is_empty() {
        let named = unread.iter().take(NAMED);
        let mut named: Vec<String> = named.map(|(name, why)| format!("{name} {why}")).collect();
        if unread.len() > NAMED {
            named.push(format!("and {} more", grouped(unread.len() - NAMED)));
        }
        let text = format!(
            "{} could not be read: not compared. {}.",
            counted(unread.len(), "picture"),
            named.join("; ")
        );
        let all = unread.iter().map(|(name, why)| format!("{name} {why}"));
        let all: Vec<String> = all.take(200).collect();
        ui.label(RichText::new(text).color(t.bad))
            .on_hover_text(all.join("\n"));
    }
}

/// The groups of one kind.
fn sizes(groups: &[Group], likeness: Likeness) -> impl Iterator<Item = usize> {
    let own = groups.iter().filter(move |g| g.likeness == likeness);
    own.map(|group| group.rows.len())
}

/// Draws what is alike among the pictures.
pub fn pictures_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset() else {
        return;
    };
    let Some(found) = view.state.pictures.get(session.now()).cloned() else {
        let n = grouped(dataset.images.len());
        let (title, text, button) = if view.is_running(Slot::Pictures) {
            ("Comparing the pictures…", how(), None)
        } else if !dataset.has_pictures() {
            let text = "The pictures of this data are not here: there is nothing to compare.";
            ("No pictures", text.to_owned(), None)
        } else {
            let text = format!(
                "Each of {n} pictures is read once, which may take minutes. {}",
                how()
            );
            (
                "The pictures were not compared",
                text,
                Some("Compare the pictures"),
            )
        };
        if empty_state(ui, title, &text, button) {
            view.own(Command::ComparePictures);
        }
        return;
    };
    let says = format!(
        "Among {}: {}; {}.",
        counted(found.compared, "picture"),
        count(
            sizes(&found.groups, Likeness::SamePicture),
            "equal pictures",
            "pictures"
        ),
        count(
            sizes(&found.groups, Likeness::NearPicture),
            "nearly equal pictures",
            "pictures"
        ),
    );
    ui.label(RichText::new(says).strong());
    let unread: Vec<(String, String)> = found
        .unread
        .iter()
        .map(|(row, why)| (dataset.images[*row as usize].name.clone(), why.clone()))
        .collect();
    unread_ui(ui, found.unseen, &unread);
    if !found.groups.is_empty() {
        weak(ui, PICTURES);
    }
    weak(ui, how());
    ui.add_space(6.0);
    if found.groups.is_empty() {
        return;
    }
    let (count, of, set) = (found.groups.len(), Arc::clone(&found), Arc::clone(dataset));
    let entry = move |at: usize| {
        let group = &of.groups[at];
        let name = |row: &u32| set.images[*row as usize].name.clone();
        Entry {
            likeness: group.likeness,
            difference: group.difference,
            images: group.rows.iter().map(|row| Some(*row)).collect(),
            captions: Vec::new(),
            names: group.rows.iter().map(name).collect(),
            text: None,
        }
    };
    let groups = Groups {
        name: "pictures that are alike",
        count,
        entry: Arc::new(entry),
    };
    groups_ui(ui, view, &groups);
}

/// Draws what is alike among the captions.
pub fn captions_ui(ui: &mut Ui, view: &mut View<'_>) {
    let session = view.session;
    let Some(dataset) = session.dataset() else {
        return;
    };
    let Some(found) = view.state.captions.get(session.now()).cloned() else {
        let (title, text, button) = if view.is_running(Slot::Captions) {
            ("Comparing the captions…", "", None)
        } else if dataset.captions.is_empty() {
            ("No captions", "The open data has images alone.", None)
        } else {
            (
                "The captions were not compared",
                "",
                Some("Compare the captions"),
            )
        };
        if empty_state(ui, title, text, button) {
            view.own(Command::CompareCaptions);
        }
        return;
    };
    let says = format!(
        "Among {}: {}; {}.",
        counted(dataset.captions.len(), "caption"),
        count(
            sizes(&found.groups, Likeness::SameCaption),
            "equal captions of several images",
            "captions"
        ),
        count(
            sizes(&found.groups, Likeness::NearCaption),
            "captions of several images with the same words in another order or number",
            "captions"
        ),
    );
    ui.label(RichText::new(says).strong());
    if !found.groups.is_empty() {
        weak(ui, CAPTIONS);
    }
    let mut how = vec!["Case and punctuation do not count.".to_owned()];
    if found.repeated > 0 {
        how.push(format!(
            "{} of one image said again, word for word: it counts as right each time, and costs no recall.",
            counted(found.repeated, "caption")
        ));
    }
    if found.wordless > 0 {
        how.push(wordless(found.wordless));
    }
    let how = how.join(" ");
    weak(ui, how);
    ui.add_space(6.0);
    if found.groups.is_empty() {
        return;
    }
    let (count, of, set) = (found.groups.len(), Arc::clone(&found), Arc::clone(dataset));
    let entry = move |at: usize| {
        let group = &of.groups[at];
        let image = |row: &u32| set.image_of(*row as usize);
        let name = |row: &u32| set.images[image(row)].name.clone();
        let texts = group
            .rows
            .iter()
            .map(|row| set.captions[*row as usize].as_str());
        Entry {
            likeness: group.likeness,
            difference: 0.0,
            images: group
                .rows
                .iter()
                .map(|row| Some(image(row) as u32))
                .collect(),
            captions: group.rows.iter().map(|row| Some(*row)).collect(),
            names: group.rows.iter().map(name).collect(),
            text: Some(distinct(texts)),
        }
    };
    let groups = Groups {
        name: "captions that are alike",
        count,
        entry: Arc::new(entry),
    };
    groups_ui(ui, view, &groups);
}

/// The texts without those that say the same as one before, one after the other.
pub fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 4;
    let mut seen: Vec<&str> = Vec::new();
    for text in texts {
        if seen.len() > MOST {
            break;
        }
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    if seen.len() > MOST {
        seen[MOST] = "…";
    }
    seen.join(" | ")
}
