// Example redemption API call - using user/offer endpoint
fetch(`/v1/user/${userId}/offer/${offerId}/redeem`, {
method: "POST",
headers: {
"Content-Type": "application/json",
Authorization: "Bearer YOUR_JWT`,
},
body: JSON.stringify({
metadata: {
source: "app",
},
}),
});
