//! Tables of keys: what is read from the keyboard is what the sheet of keys lists.

use egui::{Context, Event, Key, KeyboardShortcut, ModifierNames, Modifiers};

/// A key with its modifiers.
pub type Chord = (Modifiers, Key);

/// The key alone.
pub const fn plain(key: Key) -> Chord {
    (Modifiers::NONE, key)
}

/// With Ctrl; Cmd on a Mac.
pub const fn command(key: Key) -> Chord {
    (Modifiers::COMMAND, key)
}

/// With Shift.
pub const fn shift(key: Key) -> Chord {
    (Modifiers::SHIFT, key)
}

/// With Alt.
pub const fn alt(key: Key) -> Chord {
    (Modifiers::ALT, key)
}

/// With Ctrl (Cmd on a Mac) and Shift.
pub const fn command_shift(key: Key) -> Chord {
    (Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

/// A line of a table: any of these keys does this.
#[derive(Debug, Clone, Copy)]
pub struct Binding<A: 'static> {
    /// The keys.
    pub chords: &'static [Chord],
    /// Held down, does it count once? So does what decides, marks or turns something over.
    pub once: bool,
    /// What it does, in a few words.
    pub what: &'static str,
    /// The same for the view.
    pub act: A,
}

/// A line that goes on while its key is held.
pub const fn held<A>(chords: &'static [Chord], act: A, what: &'static str) -> Binding<A> {
    Binding {
        chords,
        once: false,
        what,
        act,
    }
}

/// A line that counts once for a press.
pub const fn once<A>(chords: &'static [Chord], act: A, what: &'static str) -> Binding<A> {
    Binding {
        chords,
        once: true,
        what,
        act,
    }
}

/// What the keys pressed in this frame ask for, by `table`; they are taken. The keys with most modifiers first: a plain
/// key would take the presses with Shift or Alt too.
pub fn acts<A: Copy>(ctx: &Context, table: &[Binding<A>]) -> Vec<A> {
    let mut all: Vec<(Chord, &Binding<A>)> = table
        .iter()
        .flat_map(|binding| binding.chords.iter().map(move |&chord| (chord, binding)))
        .collect();
    let count = |(m, _): Chord| u8::from(m.shift) + u8::from(m.alt) + u8::from(m.command);
    all.sort_by_key(|(chord, _)| std::cmp::Reverse(count(*chord)));
    let times = |(chord, binding): (Chord, &Binding<A>)| {
        vec![binding.act; pressed(ctx, chord, binding.once)]
    };
    all.into_iter().flat_map(times).collect()
}

/// How often this key was pressed in this frame; the presses are taken. Held down, it counts `once` or again and again.
fn pressed(ctx: &Context, (modifiers, key): Chord, once: bool) -> usize {
    ctx.input_mut(|input| {
        let fresh = |event: &Event| {
            matches!(event, Event::Key { key: k, pressed: true, repeat: false, .. } if *k == key)
        };
        let fresh = input.events.iter().any(fresh);
        match (input.count_and_consume_key(modifiers, key), once) {
            (count @ 1.., true) => usize::from(fresh).min(count),
            (count, _) => count,
        }
    })
}

/// A line of the sheet of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLine {
    /// The keys, as they are written.
    pub keys: String,
    /// What they do.
    pub what: &'static str,
}

/// The lines of a table, for the sheet.
pub fn lines<A>(table: &[Binding<A>]) -> Vec<KeyLine> {
    let line = |binding: &Binding<A>| {
        let keys: Vec<String> = binding.chords.iter().map(|&chord| name(chord)).collect();
        KeyLine {
            keys: keys.join(", "),
            what: binding.what,
        }
    };
    table.iter().map(line).collect()
}

/// A key as it is written, as "Ctrl+Shift+O".
pub fn name((modifiers, key): Chord) -> String {
    if key == Key::Questionmark {
        return "?".to_owned();
    }
    let shortcut = KeyboardShortcut::new(modifiers, key);
    shortcut.format(&ModifierNames::NAMES, cfg!(target_os = "macos"))
}
