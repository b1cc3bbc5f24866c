//! The keyboard: shortcuts everywhere, single keys only while no text is edited.

mod binding;

pub use binding::{
    Binding, Chord, KeyLine, acts, alt, command, command_shift, held, lines, name, once, plain,
    shift,
};

use super::palette::Palette;
use super::{Field, Shell};
use crate::desktop::core::{Command, Deeds, Pick, SetsCommand, ThemeChoice};
use egui::{Context, Key};

/// What a key of the whole window does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Opens or closes the palette.
    Palette,
    /// Chooses a folder with a dataset.
    OpenData,
    /// Chooses a folder with an encoder.
    OpenEncoder,
    /// Chooses a workspace.
    OpenWorkspace,
    /// Saves the workspace.
    SaveWorkspace,
    /// Goes to the field for queries.
    Query,
    /// Goes to the browser's filter.
    Filter,
    /// Light or dark.
    Theme,
    /// The guide.
    Guide,
    /// Larger text and all else.
    Larger,
    /// Smaller text and all else.
    Smaller,
    /// The size as it was at first.
    UsualSize,
    /// Full screen.
    Fullscreen,
    /// Ends the program.
    Quit,
}

/// The keys of the whole window.
pub const WINDOW: [Binding<Act>; 14] = [
    held(
        &[command(Key::K)],
        Act::Palette,
        "all commands, and captions by their words",
    ),
    held(&[command(Key::O)], Act::OpenData, "open a dataset folder"),
    held(
        &[command(Key::E)],
        Act::OpenEncoder,
        "open an encoder folder",
    ),
    held(
        &[command_shift(Key::O)],
        Act::OpenWorkspace,
        "open a workspace",
    ),
    held(&[command(Key::S)], Act::SaveWorkspace, "save the workspace"),
    held(&[command(Key::L)], Act::Query, "type a query"),
    held(&[command(Key::F)], Act::Filter, "filter the browser"),
    held(&[command(Key::T)], Act::Theme, "light or dark"),
    held(&[plain(Key::F1)], Act::Guide, "the guide"),
    held(
        &[command(Key::Plus), command(Key::Equals)],
        Act::Larger,
        "larger text",
    ),
    held(&[command(Key::Minus)], Act::Smaller, "smaller text"),
    held(&[command(Key::Num0)], Act::UsualSize, "text as at first"),
    held(&[plain(Key::F11)], Act::Fullscreen, "full screen"),
    held(&[command(Key::Q)], Act::Quit, "quit"),
];

/// What a single key does in every view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SingleAct {
    /// The dialog of sets.
    Sets,
    /// Marks the image of the query.
    Mark,
    /// The sheet of keys.
    Keys,
}

/// The single keys of every view, while no text is edited.
pub const SINGLE: [Binding<SingleAct>; 3] = [
    held(&[plain(Key::Questionmark)], SingleAct::Keys, "this sheet"),
    once(
        &[plain(Key::M)],
        SingleAct::Mark,
        "mark the image of the query",
    ),
    held(&[shift(Key::M)], SingleAct::Sets, "sets of images"),
];

/// Turns shortcuts into commands. Plain keys are for the view that is shown unless text is edited or a dialog is open:
/// then false.
pub fn shell_keys(ctx: &Context, shell: &mut Shell<'_>) -> bool {
    for act in acts(ctx, &WINDOW) {
        window_act(ctx, shell, act);
    }
    let session = shell.session;
    let asked = session.path_question.is_some() || session.question.is_some();
    let large = shell.pictures.large.is_some();
    if shell.memory.is_modal() || asked || large || ctx.text_edit_focused() {
        return false;
    }
    for act in acts(ctx, &SINGLE) {
        match act {
            SingleAct::Sets => shell.memory.sets = Some(String::new()),
            SingleAct::Mark => shell.ask(Command::Sets(SetsCommand::MarkQuery)),
            SingleAct::Keys => shell.memory.keys = true,
        }
    }
    true
}

fn window_act(ctx: &Context, shell: &mut Shell<'_>, act: Act) {
    match act {
        Act::Palette => {
            shell.memory.palette = match shell.memory.palette {
                Some(_) => None,
                None => Some(Palette::default()),
            };
        }
        Act::OpenData => shell.ask(Command::Pick(Pick::DatasetFolder)),
        Act::OpenEncoder => shell.ask(Command::Pick(Pick::EncoderFolder)),
        Act::OpenWorkspace => shell.ask(Command::Pick(Pick::Workspace)),
        Act::SaveWorkspace => shell.ask(Command::SaveWorkspace),
        Act::Query => shell.memory.focus = Some(Field::Query),
        Act::Filter => shell.memory.focus = Some(Field::Filter),
        Act::Theme => {
            let dark = ctx.theme() == egui::Theme::Dark;
            shell.ask(Command::SetTheme(if dark {
                ThemeChoice::Light
            } else {
                ThemeChoice::Dark
            }));
        }
        Act::Larger => shell.ask(Command::SetZoom(shell.session.settings.zoom + 0.1)),
        Act::Smaller => shell.ask(Command::SetZoom(shell.session.settings.zoom - 0.1)),
        Act::UsualSize => shell.ask(Command::SetZoom(1.0)),
        Act::Guide => shell.ask(Command::ShowGuide(None)),
        Act::Fullscreen => shell.ask(Command::ToggleFullscreen),
        Act::Quit => shell.ask(Command::Quit),
    }
}

/// What of the past a key takes back, or does again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Takes the last of these back.
    Undo(Deeds),
    /// Does the one of these again that was taken back last.
    Redo(Deeds),
}

/// The keys that take back what was done last and do it again, and those that go back to the query before and forward.
pub const BACK: [Binding<Past>; 4] = [
    held(
        &[command(Key::Z)],
        Past::Undo(Deeds::All),
        "undo a query, a mark, a set or a decision",
    ),
    held(
        &[command_shift(Key::Z)],
        Past::Redo(Deeds::All),
        "do it again",
    ),
    held(
        &[alt(Key::ArrowLeft)],
        Past::Undo(Deeds::Queries),
        "back to the query before",
    ),
    held(
        &[alt(Key::ArrowRight)],
        Past::Redo(Deeds::Queries),
        "forward to the query after",
    ),
];

/// How a key walks through the browser: so many lines further, so many pictures further, or to the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// Pictures.
    By(isize),
    /// Lines of pictures.
    Lines(isize),
    /// To the other side.
    Turn,
}

/// The keys that walk through the browser.
pub const BROWSER: [Binding<Walk>; 7] = [
    held(
        &[plain(Key::ArrowRight)],
        Walk::By(1),
        "the next of the browser",
    ),
    held(&[plain(Key::ArrowLeft)], Walk::By(-1), "the one before"),
    held(&[plain(Key::ArrowDown)], Walk::Lines(1), "a line further"),
    held(&[plain(Key::ArrowUp)], Walk::Lines(-1), "a line back"),
    held(
        &[plain(Key::PageDown)],
        Walk::Lines(5),
        "five lines further",
    ),
    held(&[plain(Key::PageUp)], Walk::Lines(-5), "five lines back"),
    once(
        &[plain(Key::D)],
        Walk::Turn,
        "images or captions look for the others",
    ),
];

/// The keys of a view that has none of its own: back, and through the browser.
pub fn common_keys(ctx: &Context, shell: &mut Shell<'_>, focused: bool) {
    back_keys(ctx, shell);
    if !focused {
        browser_keys(ctx, shell);
    }
}

/// The lines of those keys.
pub fn common_lines() -> Vec<KeyLine> {
    lines(&BACK).into_iter().chain(lines(&BROWSER)).collect()
}

/// The keys of [`BACK`].
pub fn back_keys(ctx: &Context, shell: &mut Shell<'_>) {
    for past in acts(ctx, &BACK) {
        shell.ask(match past {
            Past::Undo(of) => Command::Undo(of),
            Past::Redo(of) => Command::Redo(of),
        });
    }
}

/// The keys that walk through the browser.
pub fn browser_keys(ctx: &Context, shell: &mut Shell<'_>) {
    let columns = shell.memory.columns.max(1) as isize;
    for act in acts(ctx, &BROWSER) {
        shell.ask(match act {
            Walk::By(step) => Command::Step(step),
            Walk::Lines(lines) => Command::Step(lines * columns),
            Walk::Turn => Command::SetSide(shell.session.side.other()),
        });
    }
}
