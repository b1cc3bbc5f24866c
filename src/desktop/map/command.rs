//! What can be asked for in the map view.

use super::state::{Colouring, Lines, Mode};
use crate::map::MapOptions;
use std::path::PathBuf;

/// Something around which points are chosen.
#[derive(Debug, Clone, PartialEq)]
pub enum Outline {
    /// One item.
    Item(u32),
    /// These items.
    Items(Vec<u32>),
    /// All inside a closed polygon of the plane.
    Polygon(Vec<[f64; 2]>),
}

/// One request of the user in the map view.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Lay the next map out so.
    SetOptions(Box<MapOptions>),
    /// Lay out the points.
    LayOut,
    /// Colour points by this.
    SetColouring(Colouring),
    /// Draw these lines.
    SetLines(Lines),
    /// Choose what is inside; the map that was kept, rather than the other.
    Choose {
        /// What is chosen.
        outline: Outline,
        /// How.
        mode: Mode,
        /// Is it of the map that was kept?
        pinned: bool,
    },
    /// Choose nothing.
    ChooseNothing,
    /// Choose what was chosen before.
    Undo,
    /// Mark the images that are chosen, as a set.
    Mark,
    /// Look for items that hold these words; empty to look for nothing.
    Find(String),
    /// Choose what was found.
    ChooseFound,
    /// Make this item the query.
    LookAt(u32),
    /// Place these words: a query.
    Place(String),
    /// Keep this map beside the next one, or no longer.
    Pin(bool),
    /// Choose a file for the coordinates.
    Export,
    /// Choose a file of coordinates.
    Import,
    /// Show the coordinates of a file.
    ImportFrom(PathBuf),
    /// Attack these images, step by step, and show their paths.
    Attack(Vec<u32>),
    /// Forget the paths.
    ForgetTrails,
}
