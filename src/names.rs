//! Names of what can be chosen, from one table for each kind.

/// Gives a type its list and its names from a table, of which each line has a value, its name on the command line, its name
/// in menus and what it is; `like` says whether two values have one line, the last text what `about` tells.
macro_rules! named {
    ($type:ty, $noun:literal, $table:ident, $like:expr, $about:literal) => {
        impl $type {
            /// All of them, in the order of menus.
            pub const ALL: [Self; $table.len()] = {
                let mut all = [$table[0].0; $table.len()];
                let mut at = 0;
                while at < all.len() {
                    all[at] = $table[at].0;
                    at += 1;
                }
                all
            };

            fn named(self) -> (&'static str, &'static str, &'static str) {
                let like: fn(Self, Self) -> bool = $like;
                let found = $table.iter().find(|(value, ..)| like(*value, self));
                found.map_or(("", "", ""), |&(_, name, title, about)| {
                    (name, title, about)
                })
            }

            /// Its name on the command line.
            pub fn name(self) -> &'static str {
                self.named().0
            }

            /// Its name in menus.
            pub fn title(self) -> &'static str {
                self.named().1
            }

            #[doc = $about]
            pub fn about(self) -> &'static str {
                self.named().2
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> $crate::error::Result<Self> {
                let found = Self::ALL.into_iter().find(|value| value.name() == text);
                found.ok_or_else(|| {
                    let names = Self::ALL.map(Self::name).join(", ");
                    $crate::error::Error::request(
                        format!("there is no {} {text:?}", $noun),
                        format!("Choose one of {names}."),
                    )
                })
            }
        }
    };
}

pub(crate) use named;
