//! What each source file names, read from its syntax: `use` trees, paths in code, paths in macros.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// A source file of a crate.
pub struct Source {
    /// Its path from the crate's `src`.
    pub path: PathBuf,
    /// The parts of its module's path; empty for the crate's root.
    pub module: Vec<String>,
    /// What it names outside of its tests: paths from the crate's root (`crate`, then the parts) and of other crates.
    pub names: BTreeSet<Vec<String>>,
}

impl Source {
    /// Its module as it is written: `crate::desktop::core`.
    pub fn title(&self) -> String {
        let parts = self.module.iter().map(|part| format!("::{part}"));
        format!("crate{}", parts.collect::<String>())
    }
}

/// The files below `root`, which is a crate's `src`; `skip`: folders that belong to another crate.
pub fn sources(root: &Path, skip: &[&Path]) -> Vec<Source> {
    let files = files(root, skip).into_iter();
    files.map(|file| read(root, &file)).collect()
}

/// The paths of the files below `root`, in order.
pub fn files(root: &Path, skip: &[&Path]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(root, skip, &mut found);
    found.sort();
    found
}

fn collect(folder: &Path, skip: &[&Path], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            if !skip.contains(&path.as_path()) {
                collect(&path, skip, found);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

fn read(root: &Path, file: &Path) -> Source {
    let path = file.strip_prefix(root).expect("below the root").to_owned();
    let text = std::fs::read_to_string(file).expect("readable");
    let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut module: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if module
        .last()
        .is_some_and(|m| ["mod", "lib", "main"].contains(&m.as_str()))
    {
        module.pop();
    }
    let mut finder = Finder {
        module: module.clone(),
        names: BTreeSet::new(),
    };
    finder.visit_file(&syntax);
    Source {
        path,
        module,
        names: finder.names,
    }
}

struct Finder {
    module: Vec<String>,
    names: BTreeSet<Vec<String>>,
}

impl Finder {
    /// Takes a path as it is written in this module.
    fn take(&mut self, parts: &[String]) {
        let mut parts = parts;
        let mut from: Option<Vec<String>> = None;
        while let Some(first) = parts.first() {
            match first.as_str() {
                "crate" => from = Some(Vec::new()),
                "self" if from.is_none() => from = Some(self.module.clone()),
                "super" => {
                    let base = from.get_or_insert_with(|| self.module.clone());
                    base.pop();
                }
                _ => break,
            }
            parts = &parts[1..];
        }
        let name = match from {
            Some(base) => {
                let start = std::iter::once("crate".to_owned()).chain(base);
                start.chain(parts.iter().cloned()).collect()
            }
            None => parts.to_vec(),
        };
        self.names.insert(name);
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |ident: &syn::Ident| {
            let mut parts = before.to_vec();
            if ident != "self" || parts.is_empty() {
                parts.push(ident.to_string());
            }
            parts
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.take(&with(&name.ident)),
            syn::UseTree::Rename(name) => self.take(&with(&name.ident)),
            syn::UseTree::Glob(_) => self.take(before),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(before, tree);
                }
            }
        }
    }

    /// The paths within a macro's tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons < 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    colons = 0;
                    self.tokens(group.stream());
                }
                _ => {
                    self.end(&mut path);
                    colons = 0;
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        let path = std::mem::take(path);
        if path.len() > 1 {
            self.take(&path);
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    let test = |attribute: &syn::Attribute| {
        let syn::Meta::List(list) = &attribute.meta else {
            return false;
        };
        list.path.is_ident("cfg") && list.tokens.to_string() == "test"
    };
    attributes.iter().any(test)
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let parts: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
            self.take(&parts);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

/// The module that a path from the crate's root lies in: the longest beginning that is one of `modules`.
pub fn module_of(name: &[String], modules: &BTreeMap<Vec<String>, usize>) -> Option<usize> {
    let parts = name.strip_prefix(&["crate".to_owned()])?;
    (0..=parts.len())
        .rev()
        .find_map(|n| modules.get(&parts[..n]).copied())
}
