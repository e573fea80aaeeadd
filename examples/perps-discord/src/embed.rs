//! A trade, and how it looks in Discord.

use serde::Deserialize;
use serde_json::{Value, json};

/// A trade of a trader that is watched.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trade {
    #[serde(skip)]
    what: What,
    owner: String,
    market_symbol: String,
    side: Side,
    size_usd: f64,
    leverage: f64,
    entry_price: f64,
    timestamp: String,
}

#[derive(Debug, Clone, Copy, Default)]
enum What {
    #[default]
    Opened,
    Closed,
    Liquidated,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Long,
    Short,
}

impl Trade {
    /// The trade that an event of this type is about. `None` where it is about
    /// none, or one that does not look like one.
    #[must_use]
    pub fn of(kind: &str, data: Value) -> Option<Self> {
        let what = match kind {
            "trade.new" => What::Opened,
            "trade.close" => What::Closed,
            "trade.liquidation" => What::Liquidated,
            _ => return None,
        };
        let trade: Self = serde_json::from_value(data).ok()?;
        Some(Self { what, ..trade })
    }
}

/// The message to post, as the API of Discord wants it.
#[must_use]
pub fn embed(trade: &Trade) -> Value {
    let (sign, side, color) = match trade.side {
        Side::Long => ("🟢", "LONG", 0x10_b981),
        Side::Short => ("🔴", "SHORT", 0xef_4444),
    };
    let what = match trade.what {
        What::Opened => "",
        What::Closed => " closed",
        What::Liquidated => " liquidated",
    };
    let trader: String = trade.owner.chars().take(8).collect();
    let field = |name, value| json!({ "name": name, "value": value, "inline": true });
    json!({
        // A trade mentions nobody, whatever stands in it.
        "allowed_mentions": { "parse": [] },
        "embeds": [{
            "title": format!("{sign} {side} {}{what}", trade.market_symbol),
            "color": color,
            "fields": [
                field("Size", format!("${:.2}", trade.size_usd)),
                field("Leverage", format!("{}x", trade.leverage)),
                field("Entry", format!("${}", trade.entry_price)),
                field("Trader", format!("`{trader}...`")),
            ],
            "timestamp": trade.timestamp,
        }],
    })
}
