//! What was found about the open dataset.

use crate::desktop::core::Derived;
use crate::retrieval::alike::{Captions, Likeness, Pictures};
use std::sync::Arc;

/// A page of the view.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// What was left out, and why.
    #[default]
    LeftOut,
    /// Equal and nearly equal pictures.
    Pictures,
    /// Equal and nearly equal captions.
    Captions,
    /// What lies in two splits.
    Splits,
}

/// A split that was read, or why it was not.
#[derive(Debug, Clone)]
pub struct SplitRead {
    /// Its name.
    pub name: String,
    /// Its images and captions; the reason where it could not be read.
    pub size: Result<[usize; 2], String>,
}

/// A member of a group across splits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The number of its split among those that were read.
    pub split: usize,
    /// The image's name.
    pub name: String,
    /// What it says, where it is a caption.
    pub caption: Option<String>,
    /// The image's row in the open dataset, where it is there.
    pub image: Option<u32>,
    /// The caption's row in the open dataset, where it is there.
    pub row: Option<u32>,
}

/// What is alike across splits.
#[derive(Debug, Clone)]
pub struct Crossed {
    /// The splits.
    pub splits: Vec<SplitRead>,
    /// The groups: in what way alike, how different at most, and the members.
    pub groups: Vec<(Likeness, f32, Vec<Item>)>,
    /// Pictures that were compared.
    pub compared: usize,
    /// Images without a picture.
    pub unseen: usize,
    /// Pictures that could not be read: the split's name, the image's, and why.
    pub unread: Vec<(String, String, String)>,
    /// Captions without a word, which are compared with none.
    pub wordless: usize,
}

/// What was found, and which page is shown.
#[derive(Default)]
pub struct State {
    /// The page.
    pub page: Page,
    /// What is alike among the pictures.
    pub pictures: Derived<Arc<Pictures>>,
    /// What is alike among the captions.
    pub captions: Derived<Arc<Captions>>,
    /// What is alike across splits.
    pub crossed: Derived<Arc<Crossed>>,
}
