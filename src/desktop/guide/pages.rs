//! The pages of the guide, carried in the program.

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The name of its file without the extension.
    pub name: &'static str,
    /// Its text, as Markdown; the first line is its heading.
    pub text: &'static str,
}

impl Page {
    /// Its heading, up to a colon.
    pub fn title(&self) -> &'static str {
        let heading = self.text.lines().next().unwrap_or_default();
        let heading = heading.trim_start_matches('#').trim();
        heading
            .split_once(':')
            .map_or(heading, |(before, _)| before)
    }

    /// The files that its links name, as they are written.
    pub fn links(&self) -> impl Iterator<Item = &'static str> {
        let parts = self.text.split("](").skip(1);
        parts.filter_map(|part| Some(part.split_once(')')?.0))
    }
}

macro_rules! pages {
    ($($name:literal),* $(,)?) => {
        &[$(Page {
            name: $name,
            text: include_str!(concat!("../../../assets/guide/", $name, ".md")),
        }),*]
    };
}

/// Every page, in the order of the list.
pub const PAGES: &[Page] = pages![
    "negatives",
    "ranking",
    "mining",
    "attacks",
    "robust",
    "structure",
    "learning",
    "neighbours",
    "forget",
    "augment",
    "strata",
    "linear",
    "encoders",
    "formats",
    "headless",
    "cluster",
];

/// The place of the page of this name.
pub fn named(name: &str) -> Option<usize> {
    PAGES.iter().position(|page| page.name == name)
}

/// The place of the page that a link leads to: `name.md`.
pub fn linked(link: &str) -> Option<usize> {
    named(link.strip_suffix(".md")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn every_page_of_the_folder_is_carried_and_every_link_leads_somewhere() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/guide");
        // The reference is long, and read outside the window.
        let is_reference = |name: &str| {
            name.starts_with("reference-") || ["commands.md", "json.md"].contains(&name)
        };
        let mut files: Vec<String> = std::fs::read_dir(&folder)
            .expect("the guide's folder")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| !is_reference(name))
            .collect();
        let mut carried: Vec<String> = PAGES.iter().map(|p| format!("{}.md", p.name)).collect();
        files.sort();
        carried.sort();
        assert_eq!(files, carried);
        let mut links = 0;
        for page in PAGES {
            assert!(page.text.starts_with("# "), "{} has a heading", page.name);
            for link in page.links().filter(|link| !link.contains("://")) {
                links += 1;
                let leads = linked(link).is_some() || folder.join(link).is_file();
                assert!(leads, "{}: {link}", page.name);
            }
        }
        assert!(links > 20, "{links} links between pages");
    }

    #[test]
    fn every_page_is_led_to() {
        for page in PAGES {
            let name = format!("{}.md", page.name);
            let leads = |other: &&Page| other.name != page.name && other.links().any(|l| l == name);
            assert!(
                PAGES.iter().any(|other| leads(&other)),
                "no page names {name}"
            );
        }
    }

    #[test]
    fn titles_are_short() {
        for page in PAGES {
            assert!((4..60).contains(&page.title().len()), "{}", page.title());
        }
        assert_eq!(
            named("learning").map(|at| PAGES[at].title()),
            Some("The learning laboratory")
        );
    }
}
