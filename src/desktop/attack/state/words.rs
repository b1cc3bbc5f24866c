//! The words of a caption under attack: what is asked, and what came of it.

use crate::attack::caption::{Aim, Importance, Substitution};
use crate::desktop::core::Derived;
use std::path::PathBuf;
use std::sync::Arc;

/// Which words may come into a caption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Vocabulary {
    /// Every word that the encoder's tokenizer has as one token.
    #[default]
    Encoder,
    /// Those of the dataset's captions.
    Dataset,
    /// A file of words.
    File(PathBuf),
}

/// What is asked of a caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordsPlan {
    /// What an exchange of words is for.
    pub aim: Aim,
    /// Words exchanged at most: 1 or 2.
    pub words: usize,
    /// Which words may come in.
    pub vocabulary: Vocabulary,
    /// A file that says which word may stand for which.
    pub synonyms: Option<PathBuf>,
    /// Articles, prepositions and the like are left alone.
    pub content_words: bool,
}

impl Default for WordsPlan {
    fn default() -> Self {
        Self {
            aim: Aim::CaptionLoses,
            words: 1,
            vocabulary: Vocabulary::default(),
            synonyms: None,
            content_words: true,
        }
    }
}

/// The words of a caption under attack.
#[derive(Debug, Clone, Default)]
pub struct WordsLab {
    /// The caption chosen, by its row; `None` for the first of the picture's own.
    pub chosen: Option<usize>,
    /// What is asked.
    pub plan: WordsPlan,
    /// Is a search under way?
    pub running: bool,
    /// What each word carries, with the row of its caption.
    pub weighed: Derived<(usize, Arc<Importance>)>,
    /// What the last search found, with the row of its caption and what was asked.
    pub found: Derived<(usize, WordsPlan, Arc<Substitution>)>,
}
