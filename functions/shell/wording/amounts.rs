//! Money as the shop writes it: without its code where it is the shop's own.

use lazo_domain::message::format::money;
use lazo_domain::money::{Currency, Money};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::Language;

impl Language {
    /// An amount; its code stands beside it only where it is not the shop's own.
    pub fn money(self, amount: Decimal, currency: Currency, shop: Option<Currency>) -> String {
        let text = money(&Money { amount, currency }, self.pick("es", "en"));
        match shop == Some(currency) {
            true => text.strip_suffix(currency.as_str()).unwrap_or(&text).trim_end().to_owned(),
            false => text,
        }
    }

    /// An estimate in the shop's currency, in whole units.
    pub fn estimate(self, amount: f64, shop: Option<Currency>) -> String {
        let Some(shop) = shop else { return self.figures(amount, 0) };
        let whole = Decimal::from_f64(amount.round()).unwrap_or_default();
        let text = self.money(whole, shop, Some(shop));
        text.replace(".00", "").replace(",00", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shops_own_money_has_no_code() {
        let pesos: Currency = "MXN".parse().unwrap();
        let dollars: Currency = "USD".parse().unwrap();
        let amount = Decimal::new(923_970, 2);
        assert_eq!(Language::Es.money(amount, pesos, Some(pesos)), "$9,239.70");
        assert_eq!(Language::Es.money(amount, dollars, Some(pesos)), "$9,239.70 USD");
        assert_eq!(Language::En.estimate(5_290.4, Some(pesos)), "$5,290");
        assert_eq!(Language::En.estimate(5_290.4, None), "5,290");
    }
}
