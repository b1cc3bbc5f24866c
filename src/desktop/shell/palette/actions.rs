//! The palette's own entries: what the core and the shell can do.

use super::{PaletteEntry, Run, Shell};
use crate::compute::Measure;
use crate::desktop::core::{
    Command, Deeds, Pick, SetsCommand, Sort, StoryCommand, Tab, ThemeChoice, Workspace,
};
use crate::retrieval::Side;
use crate::runtime::Flavour;

/// An entry of the shell.
fn entry<C>(title: &str, keys: &'static str, run: Run<C>) -> PaletteEntry<C> {
    let title = title.to_owned();
    PaletteEntry { title, keys, run }
}

/// What opens and asks: before the entries of the features.
pub fn first<C>() -> Vec<PaletteEntry<C>> {
    let run = PaletteEntry::core;
    let demo = Command::OpenWorkspace(Box::new(Workspace::demo()), None);
    vec![
        run(
            "Open a dataset folder…",
            "Ctrl+O",
            Command::Pick(Pick::DatasetFolder),
        ),
        run("Open a caption file…", "", Command::Pick(Pick::DatasetFile)),
        run(
            "Open embeddings (a file for each side)…",
            "",
            Command::Pick(Pick::Embeddings),
        ),
        run(
            "Open an encoder folder…",
            "Ctrl+E",
            Command::Pick(Pick::EncoderFolder),
        ),
        run(
            "Open an encoder from two files…",
            "",
            Command::Pick(Pick::EncoderPair),
        ),
        run(
            "Open a workspace…",
            "Ctrl+Shift+O",
            Command::Pick(Pick::Workspace),
        ),
        run("Save the workspace…", "Ctrl+S", Command::SaveWorkspace),
        run("Open the demo", "", demo),
        run("Query with a picture…", "", Command::Pick(Pick::Picture)),
        entry("Type a query", "Ctrl+L", Run::FocusQuery),
        run(
            "Images look for captions (I→T)",
            "D",
            Command::SetSide(Side::Image),
        ),
        run(
            "Captions look for images (T→I)",
            "D",
            Command::SetSide(Side::Text),
        ),
        run("Undo", "Ctrl+Z", Command::Undo(Deeds::All)),
        run("Redo", "Ctrl+Shift+Z", Command::Redo(Deeds::All)),
        run(
            "Back to the query before",
            "Alt+Left",
            Command::Undo(Deeds::Queries),
        ),
        run(
            "Forward to the query after",
            "Alt+Right",
            Command::Redo(Deeds::Queries),
        ),
        run(
            "Mark the image of the query",
            "M",
            Command::Sets(SetsCommand::MarkQuery),
        ),
        entry("Sets of images…", "Shift+M", Run::Sets),
        run("Help: the guide", "F1", Command::ShowGuide(None)),
        entry("Help: all keys", "?", Run::Keys),
        entry("Help: tour of the program", "", Run::Tour),
        run(
            "Help: a near miss of this set",
            "",
            Command::Story(StoryCommand::Begin),
        ),
        entry("Help: about nearmiss", "", Run::About),
    ]
}

/// What changes how things are shown, and what was open lately: after the entries of the features.
pub fn last<C>(shell: &Shell<'_>, tabs: &[Tab]) -> Vec<PaletteEntry<C>> {
    let run = PaletteEntry::core;
    let session = shell.session;
    let wrong = Command::SetWrongOnly(!session.browser.wrong_only);
    let zoom = session.settings.zoom;
    let mut list = vec![
        run("Sort: dataset order", "", Command::SetSort(Sort::File)),
        run("Sort: worst rank first", "", Command::SetSort(Sort::Rank)),
        run(
            "Sort: smallest margin first",
            "",
            Command::SetSort(Sort::Margin),
        ),
        run(
            "Show all / only where the right one is not first",
            "",
            wrong,
        ),
        run(
            "Compare rows by cosine",
            "",
            Command::SetSimilarity(Measure::Cosine),
        ),
        run(
            "Compare rows by dot product",
            "",
            Command::SetSimilarity(Measure::Dot),
        ),
        run("Evaluate the full set", "", Command::SetFold(None)),
        run(
            "Evaluate folds of 1,000 images",
            "",
            Command::SetFold(Some(1000)),
        ),
        run(
            "Theme: dark",
            "Ctrl+T",
            Command::SetTheme(ThemeChoice::Dark),
        ),
        run(
            "Theme: light",
            "Ctrl+T",
            Command::SetTheme(ThemeChoice::Light),
        ),
        run(
            "Theme: as the system",
            "",
            Command::SetTheme(ThemeChoice::System),
        ),
        run("Text: larger", "Ctrl+Plus", Command::SetZoom(zoom + 0.1)),
        run("Text: smaller", "Ctrl+Minus", Command::SetZoom(zoom - 0.1)),
        run("Text: as at first", "Ctrl+0", Command::SetZoom(1.0)),
        entry("Settings…", "", Run::Settings),
        entry("Runtime and adapters…", "", Run::Runtime),
        run(
            "Install ONNX Runtime (CPU)",
            "",
            Command::InstallRuntime(Flavour::Cpu),
        ),
        run(
            "Install ONNX Runtime (CUDA)",
            "",
            Command::InstallRuntime(Flavour::Cuda),
        ),
    ];
    list.extend(
        tabs.iter()
            .map(|tab| run(tab.show, "", Command::Show(*tab))),
    );
    list.push(run("Full screen", "F11", Command::ToggleFullscreen));
    list.push(run("Quit", "Ctrl+Q", Command::Quit));
    list.extend(session.settings.recent.iter().map(|recent| {
        let workspace = Box::new(recent.workspace.clone());
        let command = Command::OpenWorkspace(workspace, recent.file.clone());
        run(&format!("Recent: {}", recent.title), "", command)
    }));
    list
}
