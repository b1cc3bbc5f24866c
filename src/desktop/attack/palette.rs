//! The lab's entries of the palette.

use super::{Attack, Choice, Command, Compare, Heat, LabPage, Looks};
use crate::attack::{Goal, Method, Norm};
use crate::desktop::core::{self, Query, Session};
use crate::desktop::feature::View;
use crate::desktop::shell::PaletteEntry;
use crate::retrieval::Side;

/// Every action of the lab.
pub fn entries(view: &View<'_, Attack>) -> Vec<PaletteEntry<Command>> {
    let own =
        |title: &str, keys, command| PaletteEntry::own(&format!("Attack: {title}"), keys, command);
    let mut list = Vec::new();
    if let Some(image) = picture(view.session) {
        let caption = None;
        let take = core::Command::AttackPair { image, caption };
        let wrong = core::Command::BreakPair { image, caption };
        list.push(PaletteEntry::core(
            "Attack: make the model wrong on this picture",
            "",
            wrong,
        ));
        list.push(PaletteEntry::core(
            "Attack: take this picture to the lab",
            "",
            take,
        ));
        list.push(own("this picture, as set", "Ctrl+Enter", Command::Run));
    }
    list.extend([
        own("one picture…", "", Command::ShowPage(LabPage::Picture)),
        own(
            "words of its caption…",
            "",
            Command::ShowPage(LabPage::Words),
        ),
        own("the whole set…", "", Command::ShowPage(LabPage::Set)),
        own("the set, as set", "", Command::RunSet),
        own(
            "export the figures of the set…",
            "",
            Command::ExportSet(None),
        ),
        own("mask from a picture…", "", Command::Choose(Choice::Mask)),
        own("no mask", "", Command::SetMask(None)),
        own(
            "at the picture's own resolution",
            "",
            Command::SetOwnSize(true),
        ),
        own("at the model's input", "", Command::SetOwnSize(false)),
        own("redo", "Ctrl+Shift+Z", Command::Redo),
    ]);
    if view.state.last(view.session.now()).is_some() {
        list.push(own("undo", "Ctrl+Z", Command::Undo));
        list.push(own("export…", "", Command::Export(None)));
    }
    let settings = &view.state.settings;
    list.extend(Method::all().map(|method| {
        let settings = crate::attack::AttackSettings {
            method,
            ..settings.clone()
        };
        let title = format!("by {}", method.title());
        own(&title, "", Command::SetSettings(Box::new(settings)))
    }));
    list.extend(Norm::ALL.map(|norm| {
        own(
            &format!("norm {}", norm.title()),
            "",
            Command::SetNorm(norm),
        )
    }));
    list.extend(
        Goal::ALL.map(|goal| own(&format!("to {}", goal.title()), "", Command::SetGoal(goal))),
    );
    let looks = view.state.looks;
    let compares = [
        (Compare::SideBySide, "pictures side by side"),
        (Compare::Slider, "compare with a slider"),
        (Compare::Blink, "blink"),
        (Compare::Difference, "amplified difference"),
    ];
    list.extend(
        compares
            .map(|(compare, title)| own(title, "", Command::SetLooks(Looks { compare, ..looks }))),
    );
    list.extend(Heat::ALL.map(|(heat, name, _)| {
        let title = format!("show the change: {}", name.to_lowercase());
        own(&title, "", Command::SetLooks(Looks { heat, ..looks }))
    }));
    list
}

/// The picture of the query.
fn picture(session: &Session) -> Option<usize> {
    match session.query()? {
        Query::Row(Side::Image, i) => Some(*i),
        Query::Row(Side::Text, j) => Some(session.dataset()?.image_of(*j)),
        _ => None,
    }
}
