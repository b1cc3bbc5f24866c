//! Times, rates and extents in words.

use super::View;
use crate::desktop::run::Known;
use crate::desktop::shell::widgets::grouped;
use crate::parts::view::{Extent, Named};

/// A rate of tasks.
pub fn rate(per_second: f64) -> String {
    match per_second {
        none if none <= 0.0 => String::new(),
        fast if fast >= 1.0 => format!("{fast:.1} tasks a second"),
        slow if slow * 60.0 >= 1.0 => format!("{:.1} tasks a minute", slow * 60.0),
        slow => format!("{:.1} tasks an hour", slow * 3600.0),
    }
}

/// A time.
pub fn ago(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6000 => format!("{} min", seconds.div_ceil(60)),
        6000..172_800 => format!("{} h", seconds.div_ceil(3600)),
        _ => format!("{} days", seconds.div_ceil(86_400)),
    }
}

/// The time left.
pub fn left(seconds: f64) -> String {
    format!("{} left", ago(seconds.ceil() as u64))
}

/// Which queries something is told of.
pub fn extent(extent: &Extent, noun: &str) -> String {
    let Extent { read, ranked, all } = *extent;
    let mut told = if read == all {
        format!("All {} {noun}", grouped(all))
    } else {
        format!("{} of {} {noun}", grouped(read), grouped(all))
    };
    if ranked < all {
        told.push_str(", drawn by chance and each ranked against all");
    }
    if read < ranked {
        told.push_str(": of evenly spread ranges, not of all that were ranked");
    }
    told
}

/// What an image or a caption is called, once that is known; it is asked for otherwise.
pub fn name(view: &mut View<'_>, image: bool, n: u32) -> String {
    if !view.state.names.contains_key(&(image, n)) {
        view.memory.names.insert((image, n));
    }
    known(&view.state.names, image, n)
}

/// What an image or a caption is called, as far as that is known: else its number.
pub fn known(names: &Known, image: bool, n: u32) -> String {
    let kind = if image { "image" } else { "caption" };
    match names.get(&(image, n)) {
        Some(Ok(Named::Image { name, .. })) => name.clone(),
        Some(Ok(Named::Caption { text, .. })) => text.clone(),
        Some(Ok(Named::Row)) => format!("{kind} row {n}, without a name"),
        Some(Err(why)) => format!("{kind} {n}: {why}"),
        None => format!("{kind} {n}"),
    }
}

/// The image that a caption belongs to, once that is known; it is asked for otherwise.
pub fn owner(view: &mut View<'_>, caption: u32) -> Option<u32> {
    match view.state.names.get(&(false, caption)) {
        Some(Ok(Named::Caption { owner, .. })) => Some(*owner),
        Some(_) => None,
        None => {
            view.memory.names.insert((false, caption));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_extents_are_told_whole() {
        assert_eq!(left(12.2), "13 s left");
        assert_eq!(ago(7200), "2 h");
        assert_eq!(rate(0.5), "30.0 tasks a minute");
        let of = |read, ranked, all| extent(&Extent { read, ranked, all }, "images");
        assert_eq!(of(5, 5, 5), "All 5 images");
        assert_eq!(
            of(5, 5, 2000),
            "5 of 2,000 images, drawn by chance and each ranked against all"
        );
        assert!(of(5, 9, 9).ends_with("not of all that were ranked"));
    }
}
