//! A place in the rail.

/// A view of the centre: how the rail and the palette name it.
#[derive(Debug, Clone, Copy)]
pub struct Tab {
    /// Its title; no other view has it.
    pub title: &'static str,
    /// What it shows.
    pub hint: &'static str,
    /// The palette's entry that shows it.
    pub show: &'static str,
    /// Does it stay when a row of the dataset becomes the query?
    pub follows: bool,
    /// Is it a laboratory? They stand together in the rail.
    pub is_lab: bool,
}

impl PartialEq for Tab {
    fn eq(&self, other: &Self) -> bool {
        self.title == other.title
    }
}

impl Eq for Tab {}
