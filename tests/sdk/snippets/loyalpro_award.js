    // Award points for a purchase
    const transaction = await loyalpro.points.award({
      customer_id: "cus_abc123",
      points: 100,
      reason: "Purchase",
      metadata: {
        order_id: "order_12345",
        amount: 10000 // ₦10,000
      }
    });
    
    // Award bonus points
    await loyalpro.points.award({
      customer_id: "cus_abc123",
      points: 50,
      reason: "Birthday Bonus",
      type: "bonus"
    });
    
    // Award points with expiration
    await loyalpro.points.award({
      customer_id: "cus_abc123",
      points: 200,
      reason: "Promotional Campaign",
      expires_at: "2025-12-31T23:59:59Z"
    });

