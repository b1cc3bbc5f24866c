//! What lies in two splits of the dataset.

use super::View;
use super::groups::{Entry, Groups, groups_ui};
use super::pages::{count, distinct, how, unread_ui, wordless};
use crate::dataset::Split;
use crate::desktop::problems::{Command, Crossed, Slot};
use crate::desktop::shell::theme::tokens;
use crate::desktop::shell::widgets::{empty_state, grouped, weak};
use crate::error::counted;
use crate::retrieval::alike::Likeness;
use egui::{RichText, Ui};
use std::sync::Arc;

/// What it costs.
const WHY: &str = "Why it matters: what a model was trained on is no test of it. Figures of the test split are too good by such \
                   pictures and captions.";

/// Draws the page.
pub fn splits_ui(ui: &mut Ui, view: &mut View<'_>, split: Option<&Split>) {
    let session = view.session;
    let Some(split) = split.filter(|split| split.all.len() > 1) else {
        empty_state(ui, "Nothing to compare", &alone(split), None);
        return;
    };
    let Some(found) = view.state.crossed.get(session.now()).cloned() else {
        let names: Vec<String> = split
            .all
            .iter()
            .map(|(name, count)| format!("{name} ({})", grouped(*count as usize)))
            .collect();
        let (title, button) = if view.is_running(Slot::Splits) {
            ("Comparing the splits…", None)
        } else {
            ("The splits were not compared", Some("Compare the splits"))
        };
        let text = format!(
            "In use is the split {}. Every split is read with its pictures: {}. {WHY}",
            split.name,
            names.join(", ")
        );
        if empty_state(ui, title, &text, button) {
            view.own(Command::CompareSplits);
        }
        return;
    };
    said_ui(ui, &found);
    unseen_ui(ui, split, &found);
    ui.add_space(6.0);
    if found.groups.is_empty() {
        return;
    }
    let of = Arc::clone(&found);
    let entry = move |at: usize| {
        let (likeness, difference, items) = &of.groups[at];
        let split = |at: usize| of.splits[at].name.as_str();
        let texts = items.iter().filter_map(|item| item.caption.as_deref());
        let text = distinct(texts);
        Entry {
            likeness: *likeness,
            difference: *difference,
            images: items.iter().map(|item| item.image).collect(),
            captions: items.iter().map(|item| item.row).collect(),
            names: items
                .iter()
                .map(|item| format!("{}: {}", split(item.split), item.name))
                .collect(),
            text: (!text.is_empty()).then_some(text),
        }
    };
    let groups = Groups {
        name: "what is alike across splits",
        count: found.groups.len(),
        entry: Arc::new(entry),
    };
    groups_ui(ui, view, &groups);
}

/// Why there is nothing to compare.
fn alone(split: Option<&Split>) -> String {
    let what = match split {
        Some(split) => format!("The open data is of one split alone, {}.", split.name),
        None => "Nothing in the open data says which split an image is of.".to_owned(),
    };
    format!(
        "{what} What it shares with another split, which lies elsewhere, was not looked for. A column or key named split, or a folder \
         for each, tells splits apart."
    )
}

/// What was found, and what could not be compared.
fn said_ui(ui: &mut Ui, found: &Crossed) {
    let sizes = |likeness: Likeness| {
        let own = found.groups.iter().filter(move |g| g.0 == likeness);
        own.map(|group| group.2.len())
    };
    let read = found.splits.iter().filter_map(|split| {
        let [images, captions] = split.size.as_ref().ok()?;
        let (images, captions) = (counted(*images, "image"), counted(*captions, "caption"));
        Some(format!("{} ({images}, {captions})", split.name))
    });
    let read: Vec<String> = read.collect();
    let says = format!(
        "Across {}: {}; {}; {}; {}.",
        read.join(", "),
        count(sizes(Likeness::SamePicture), "equal pictures", "pictures"),
        count(
            sizes(Likeness::NearPicture),
            "nearly equal pictures",
            "pictures"
        ),
        count(sizes(Likeness::SameCaption), "equal captions", "captions"),
        count(
            sizes(Likeness::NearCaption),
            "captions of the same words",
            "captions"
        ),
    );
    ui.label(RichText::new(says).strong());
    for split in &found.splits {
        if let Err(why) = &split.size {
            let text = format!(
                "{} could not be read, and was not compared: {why}.",
                split.name
            );
            ui.label(RichText::new(text).color(tokens(ui).bad));
        }
    }
    let unread = found.unread.iter();
    let unread: Vec<(String, String)> = unread
        .map(|(split, name, why)| (format!("{split}: {name}"), why.clone()))
        .collect();
    unread_ui(ui, found.unseen, &unread);
    if !found.groups.is_empty() {
        weak(ui, WHY);
    }
    let mut how = how();
    if found.wordless > 0 {
        how.push(' ');
        how.push_str(&wordless(found.wordless));
    }
    weak(ui, how);
}

/// What to do to see pictures of splits that are not open.
fn unseen_ui(ui: &mut Ui, split: &Split, found: &Crossed) {
    let mut items = found.groups.iter().flat_map(|group| &group.2);
    if split.name != "all" && items.any(|item| item.image.is_none()) {
        let text = "Pictures of splits that are not open are named, not shown: choose all as the split above to see them.";
        weak(ui, text);
    }
}
