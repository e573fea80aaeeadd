//! A trade, and its message in Discord.

use serde::Deserialize;
use serde_json::{Value, json};

/// A trade of a watched trader.
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
    /// Returns the trade of an event of this type. Returns `None` if the event has
    /// no trade, or if the trade cannot be parsed.
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

/// Creates the message to post, in the format of the Discord API.
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
        // No content of a trade can mention a user.
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
